import { createQueryLog, type IndexAdvice } from "@atlas/storage/optimizer";
import { createQueryOptimizer, type QueryOptimizerOptions } from "@atlas/storage/sqlite";
import { describe, expect, test } from "vitest";
import { openLibrary } from "./library.ts";

/** Advice on a library that was prepared with some statements and analysed. */
async function adviceFor(
  workload: readonly string[],
  prepare: readonly string[] = [],
): Promise<IndexAdvice> {
  await using library = await openLibrary();
  await library.database.write(async (connection) => {
    for (const statement of [...prepare, "ANALYZE"]) await connection.execute(statement);
  });
  using optimizer = createQueryOptimizer(library.database);
  return await optimizer.suggestIndexes(workload);
}

const created = ({ create }: IndexAdvice): string[] => create.map(({ sql }) => sql);

describe("D2: suggestIndexes", () => {
  test.for([
    ["SELECT title FROM book WHERE year = ?", '"book" ("year")'],
    ["SELECT title FROM book AS b WHERE ? = b.year", '"book" ("year")'],
    [
      "SELECT title FROM book WHERE genre = ? AND pages BETWEEN ? AND ?",
      '"book" ("genre", "pages")',
    ],
    ["SELECT title FROM book WHERE pages > ? AND genre = ?", '"book" ("genre", "pages")'],
    ["SELECT title FROM book WHERE genre = ? ORDER BY title LIMIT 5", '"book" ("genre", "title")'],
    ["SELECT title FROM book ORDER BY title LIMIT 5", '"book" ("title")'],
    ["SELECT title FROM book ORDER BY year DESC, title LIMIT 5", '"book" ("year", ("title") DESC)'],
    ["SELECT id FROM book WHERE lower(title) = ?", '"book" ((lower(title)))'],
    [
      "SELECT number FROM loan WHERE returned IS NULL",
      '"loan" ("returned") WHERE returned IS NULL',
    ],
    [
      "SELECT a.name FROM author AS a JOIN book AS b ON b.author = a.id WHERE a.id = ?",
      '"book" ("author")',
    ],
    ["SELECT title FROM book WHERE year = ? OR pages = ?", '"book" ("year")|"book" ("pages")'],
    [
      "SELECT title FROM book WHERE EXISTS (SELECT 1 FROM loan WHERE loan.number = book.pages)",
      '"loan" ("number")',
    ],
    ["UPDATE book SET title = ? WHERE pages = ?", '"book" ("pages")'],
    ["DELETE FROM loan WHERE reader = ?", '"loan" ("reader")'],
    ["WITH old AS (SELECT * FROM book WHERE year = ?) SELECT title FROM old", '"book" ("year")'],
  ] as const)("%s lacks %s", async ([sql, on]) => {
    const advice = await adviceFor([sql]);

    const found = created(advice).map((statement) =>
      statement.replace(/^CREATE INDEX "\w+" ON /, ""),
    );
    expect(found.toSorted()).toEqual(on.split("|").toSorted());
  });

  test.for([
    "SELECT * FROM book WHERE id = ?",
    "SELECT * FROM book WHERE id = ? AND year = ?",
    "SELECT * FROM author WHERE id = ? ORDER BY name",
    "SELECT * FROM loan WHERE book = ? ORDER BY number",
    "SELECT count(*) FROM book",
    "SELECT * FROM book",
    "SELECT * FROM book WHERE id IS NOT NULL",
    "SELECT * FROM book WHERE title LIKE ?",
    "INSERT INTO author (name) VALUES (?)",
    "SELECT 1",
  ])("%s lacks nothing", async (sql) => {
    expect(created(await adviceFor([sql]))).toEqual([]);
  });

  test("a suggestion says what it saves, what it costs and who gains", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    await optimizer.maintain();
    const sql = "SELECT title FROM book WHERE year = ?";
    const before = await optimizer.estimateCost(sql);

    const { create, costBefore, costAfter } = await optimizer.suggestIndexes([sql]);
    const [suggestion] = create;

    expect(suggestion).toMatchObject({
      definition: { name: "book_year", table: "book", on: ["year"] },
      sql: 'CREATE INDEX "book_year" ON "book" ("year")',
      costBefore: before.total,
      gains: [{ sql, costBefore: before.total }],
    });
    expect([costBefore, costAfter]).toEqual([before.total, suggestion!.costAfter]);
    expect(costAfter).toBeLessThan(costBefore / 4);
    expect(suggestion!.writeCost).toBeGreaterThan(0);
    expect(suggestion!.estimatedBytes).toBeGreaterThan(2_000 * 4);
    expect(suggestion!.estimatedBytes).toBeLessThan(2_000 * 40);
  });

  // Goal: proof, not opinion. What was suggested is created, and the database is asked again.
  test("once created, the index is used, saves what was promised, and nothing more is missing", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    await optimizer.maintain();
    const workload = [
      "SELECT title FROM book WHERE genre = ? AND year >= ? ORDER BY year LIMIT 20",
      "SELECT count(*) FROM loan WHERE reader = ?",
      "SELECT book.title FROM loan JOIN book ON book.id = loan.book WHERE loan.reader = ? AND loan.returned IS NULL",
    ];
    const advice = await optimizer.suggestIndexes(workload);
    expect(advice.create.length).toBeGreaterThan(0);

    await library.database.write(async (connection) => {
      for (const sql of [...created(advice), "ANALYZE"]) await connection.execute(sql);
    });

    const again = await optimizer.suggestIndexes(workload);
    expect(again.create).toEqual([]);
    expect(Math.abs(again.costBefore - advice.costAfter) / advice.costAfter).toBeLessThan(0.5);
    const used = new Set<string>();
    for (const sql of workload) {
      for (const name of (await optimizer.analyze(sql)).usedIndexes) used.add(name);
    }
    for (const { definition } of advice.create) expect(used).toContain(definition.name);
  });

  test("writes count: an index that costs more than it saves is not suggested", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    await optimizer.maintain();
    const queryLog = createQueryLog();
    queryLog.statement("SELECT title FROM book WHERE year = ?").record(1, 40);
    const read = await optimizer.suggestIndexes(queryLog);
    const insert = "INSERT INTO book (id, author, title, year) VALUES (?, ?, ?, ?)";
    for (let run = 0; run < 10_000; run += 1) queryLog.statement(insert).record(0.01, 1);
    const written = await optimizer.suggestIndexes(queryLog);

    expect(created(read)).toHaveLength(1);
    expect(written.create).toEqual([]);
  });

  test("what a deletion looks up in other tables counts, though no statement shows it", async () => {
    const advice = await adviceFor(["DELETE FROM author WHERE id = ?"]);

    expect(created(advice)).toEqual(['CREATE INDEX "book_author" ON "book" ("author")']);
  });

  test("without statistics it says so, and finds the same from a sample", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    const workload = ["SELECT title FROM book WHERE genre = ? AND year = ?"];

    const sampled = await optimizer.suggestIndexes(workload);
    await optimizer.maintain();
    const analyzed = await optimizer.suggestIndexes(workload);

    expect([sampled.statistics, analyzed.statistics]).toEqual(["sampled", "analyzed"]);
    expect(created(sampled)).toEqual(created(analyzed));
    expect((await optimizer.suggestIndexes([])).statistics).toBe("none");
  });

  test("a table of many rows is sampled, not read", async () => {
    await using library = await openLibrary();
    await library.database.write(async (connection) => {
      await connection.execute(
        `INSERT INTO author SELECT 1000 + value, 'n' || (value % 50)
          FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 40000) SELECT value FROM n)`,
      );
    });
    using optimizer = createQueryOptimizer(library.database);

    const { estimatedRows, cost } = await optimizer.analyze("SELECT * FROM author");
    const advice = await optimizer.suggestIndexes(["SELECT id FROM author WHERE name = ?"]);

    expect(cost.statistics).toBe("sampled");
    expect(Math.abs(estimatedRows - 40_100) / 40_100).toBeLessThan(0.1);
    expect(advice.create[0]?.gains[0]?.costAfter).toBeGreaterThan(500);
  });

  test("names never clash and stay within their length", async () => {
    const advice = await adviceFor(
      [
        "SELECT title FROM book WHERE year = ?",
        "SELECT id FROM book WHERE replace(replace(replace(title, 'a', 'b'), 'c', 'd'), 'efghijklmnop', 'q') = ?",
      ],
      ["CREATE INDEX book_year ON book (title, pages)"],
    );
    const names = advice.create.map(({ definition }) => definition.name);

    expect(names).toContain("book_year_2");
    expect(names.length).toBe(2);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
  });

  test("statements that cannot be planned are named and harm nothing", async () => {
    const advice = await adviceFor([
      "SELECT gone FROM nowhere",
      "SELECT (1",
      "SELECT title FROM book WHERE year = ?",
    ]);

    expect(advice.skipped).toEqual(["SELECT gone FROM nowhere", "SELECT (1"]);
    expect(created(advice)).toHaveLength(1);
  });

  test("a statement that names an index which is gone is read without that", async () => {
    const advice = await adviceFor(["SELECT title FROM book INDEXED BY gone WHERE year = ?"]);

    expect(created(advice)).toHaveLength(1);
    expect(advice.skipped).toEqual([]);
  });

  test("nothing is left behind in the database, and no log shows the optimizer's own reads", async () => {
    const queryLog = createQueryLog();
    await using library = await openLibrary({ queryLog });
    const options: QueryOptimizerOptions = { queryLog };
    using optimizer = createQueryOptimizer(library.database, options);
    const objects = { sql: "SELECT name FROM sqlite_schema ORDER BY name", params: [] };
    const before = await library.database.all(objects);
    queryLog.reset();

    await optimizer.suggestIndexes(["SELECT title FROM book WHERE year = ?"]);
    await optimizer.analyze("SELECT title FROM book WHERE genre = 'x'");

    expect(queryLog.entries()).toEqual([]);
    expect(await library.database.all(objects)).toEqual(before);
  });
});

describe("D2: redundant indexes", () => {
  const prepare = [
    "CREATE INDEX book_year ON book (year)",
    "CREATE INDEX book_year_title ON book (year, title)",
    "CREATE INDEX book_pages ON book (pages)",
    "CREATE INDEX book_author ON book (author)",
    "CREATE UNIQUE INDEX book_title ON book (title)",
  ];

  test("an index that another begins with is named with the one that serves", async () => {
    const advice = await adviceFor(["SELECT count(*) FROM book WHERE year = ?"], prepare);

    expect(advice.drop).toEqual([
      {
        name: "book_year",
        table: "book",
        reason: "prefix",
        servedBy: "book_year_title",
        sql: 'DROP INDEX "book_year"',
      },
    ]);
  });

  test("of two that are the same one stays", async () => {
    const twins = ["CREATE INDEX one ON book (pages)", "CREATE INDEX two ON book (pages)"];

    expect((await adviceFor([], twins)).drop).toHaveLength(1);
  });

  test("only a log tells that an index is unused, and references and unique ones are needed", async () => {
    await using library = await openLibrary();
    const queryLog = createQueryLog();
    queryLog.statement("SELECT count(*) FROM book WHERE year = ?").record(1, 1);
    await library.database.write(async (connection) => {
      for (const statement of [...prepare, "ANALYZE"]) await connection.execute(statement);
    });
    using optimizer = createQueryOptimizer(library.database);

    const { drop } = await optimizer.suggestIndexes(queryLog);

    expect(drop.map(({ name, reason }) => [name, reason])).toEqual([
      ["book_pages", "unused"],
      ["book_year_title", "unused"],
    ]);
  });

  test("an index that a statement names is needed", async () => {
    const advice = await adviceFor(
      ["SELECT count(*) FROM book INDEXED BY book_year WHERE year = ?"],
      prepare,
    );

    expect(advice.drop).toEqual([]);
  });

  test("one with a condition is not served by one with another", async () => {
    const partial = [
      "CREATE INDEX long ON book (year) WHERE pages > 500",
      "CREATE INDEX short ON book (year, title) WHERE pages < 100",
    ];

    expect((await adviceFor([], partial)).drop).toEqual([]);
  });
});
