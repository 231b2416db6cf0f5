import type { QueryPlan, QueryStepType } from "@atlas/storage/optimizer";
import { createQueryOptimizer } from "@atlas/storage/sqlite";
import { describe, expect, test } from "vitest";
import { openLibrary, rowsOf } from "./library.ts";

const typesOf = (plan: QueryPlan): QueryStepType[] => plan.steps.map(({ type }) => type);

describe("D2: analyze", () => {
  test("steps say how each table is read, and which index finds it", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);

    const plan = await optimizer.analyze(
      "SELECT b.title FROM loan AS l JOIN book AS b ON b.id = l.book WHERE l.reader = ? ORDER BY b.year",
    );

    expect(typesOf(plan)).toEqual(["scan", "filter", "join", "sort"]);
    expect(plan.steps[0]).toMatchObject({ table: "l", depth: 0, estimatedRows: 6_000 });
    expect(plan.steps[2]).toMatchObject({ table: "b", index: "sqlite_autoindex_book_1" });
    expect(plan.usedIndexes).toEqual(["sqlite_autoindex_book_1"]);
    expect(plan.cost.total).toBeGreaterThan(plan.steps[2]!.cost);
    expect(plan.cost.estimatedMs).toBeGreaterThan(0);
  });

  test.for<[string, QueryStepType[]]>([
    ["SELECT * FROM author WHERE id = ?", ["index"]],
    ["SELECT * FROM loan WHERE book = ?", ["index"]],
    ["SELECT title FROM book WHERE id = ? OR author = ?", ["scan", "filter"]],
    ["SELECT title FROM book WHERE id = ? OR id > ?", ["index", "index"]],
    [
      "SELECT (SELECT count(*) FROM loan WHERE book = book.id) FROM book",
      ["scan", "subquery", "index"],
    ],
    [
      "SELECT id FROM book UNION ALL SELECT book FROM loan",
      ["subquery", "subquery", "scan", "subquery", "scan"],
    ],
    [
      "SELECT * FROM book WHERE id IN (SELECT value FROM json_each(?))",
      ["index", "subquery", "scan"],
    ],
    ["INSERT INTO author (name) VALUES (?)", ["write"]],
    ["UPDATE book SET title = ? WHERE id = ?", ["index", "write"]],
    ["DELETE FROM loan WHERE book = ?", ["index", "write"]],
    ["SELECT 1", []],
  ])("%s", async ([sql, types]) => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);

    expect(typesOf(await optimizer.analyze(sql))).toEqual(types);
  });

  // Goal: rows are estimated, not guessed. Each estimate is compared with what the query
  // returns, with statistics and without.
  test.for([
    ["SELECT * FROM book", []],
    ["SELECT * FROM book WHERE genre IS NULL", []],
    ["SELECT * FROM book WHERE genre = 'genre 1' AND year > 1940", []],
    ["SELECT * FROM book WHERE genre = ?", ["genre 1"]],
    ["SELECT * FROM book WHERE author = ?", [7]],
    ["SELECT * FROM loan WHERE book = ?", ["b9"]],
    ["SELECT * FROM loan WHERE returned IS NULL", []],
    ["SELECT * FROM book JOIN loan ON loan.book = book.id WHERE book.author = ?", [7]],
    ["SELECT count(*) FROM book", []],
    ["SELECT * FROM book WHERE id IN (?, ?, ?)", ["b1", "b2", "b3"]],
    ["SELECT * FROM book ORDER BY id LIMIT 5", []],
    ["WITH old AS MATERIALIZED (SELECT * FROM book WHERE year < 1910) SELECT * FROM old", []],
  ] as const)("estimates the rows of %s within a factor of two", async ([sql, params]) => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    const actual = (await rowsOf(library.database, sql, params)).length;

    const sampled = await optimizer.analyze(sql);
    await optimizer.maintain();
    const analyzed = await optimizer.analyze(sql);

    expect([sampled.cost.statistics, analyzed.cost.statistics]).toEqual(["sampled", "analyzed"]);
    for (const { estimatedRows } of [sampled, analyzed]) {
      expect(estimatedRows).toBeGreaterThanOrEqual(actual / 2);
      expect(estimatedRows).toBeLessThanOrEqual(actual * 2);
    }
  });

  test("costs put statements in the order of the work they do", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    const ordered = [
      "SELECT * FROM author WHERE id = ?",
      "SELECT * FROM loan WHERE book = ?",
      "SELECT * FROM book ORDER BY id LIMIT 10",
      "SELECT count(*) FROM book WHERE year = ?",
      "SELECT * FROM book",
      "SELECT * FROM book ORDER BY title",
      "SELECT * FROM book JOIN loan ON loan.book = book.id ORDER BY loan.reader",
      "SELECT * FROM book AS a JOIN book AS b ON a.pages + b.pages = ?",
    ];

    const costs: number[] = [];
    for (const sql of ordered) costs.push((await optimizer.estimateCost(sql)).total);

    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    expect(new Set(costs).size).toBe(costs.length);
  });

  test("the work of a recursive query, of VALUES and of a search index is estimated too", async () => {
    await using library = await openLibrary();
    await library.database.write((connection) =>
      connection.execute("CREATE VIRTUAL TABLE words USING fts5(title)"),
    );
    using optimizer = createQueryOptimizer(library.database);

    for (const sql of [
      "WITH RECURSIVE up(id) AS (SELECT ? UNION SELECT author FROM book JOIN up ON book.year = up.id) SELECT * FROM up",
      "SELECT * FROM (VALUES (1), (2)) AS v JOIN book ON book.year = v.column1",
      "SELECT * FROM words WHERE words MATCH ?",
      "SELECT author, count(*) FROM book GROUP BY author HAVING count(*) > 3 ORDER BY 2 DESC LIMIT 3",
      "SELECT id FROM book EXCEPT SELECT book FROM loan",
    ]) {
      const { cost, estimatedRows } = await optimizer.analyze(sql);
      expect(Number.isFinite(cost.total) && cost.total > 0 && estimatedRows > 0).toBe(true);
    }
  });

  test("a change of the schema is seen by the next call", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);
    const sql = { sql: "SELECT title FROM book WHERE year = ?" };
    const before = await optimizer.analyze(sql);

    await library.database.write((c) => c.execute("CREATE INDEX book_year ON book (year)"));
    const after = await optimizer.analyze(sql);

    expect(before.usedIndexes).toEqual([]);
    expect(after.usedIndexes).toEqual(["book_year"]);
    expect(after.cost.total).toBeLessThan(before.cost.total);
  });

  test("calls at the same time, also while the schema changes, all get an answer", async () => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database, { sampleAgeMsMax: 0 });
    const { database } = library;

    const calls = Array.from({ length: 20 }, async (_, at) => {
      if (at % 5 === 4)
        await database.write((c) => c.execute(`CREATE INDEX i${at} ON book (pages)`));
      return optimizer.analyze("SELECT title FROM book WHERE genre = 'x' AND year > ?");
    });

    for (const plan of await Promise.all(calls)) expect(plan.steps.length).toBeGreaterThan(0);
  });

  test("what cannot be compiled is refused, and nothing works after the end", async () => {
    await using library = await openLibrary();
    const optimizer = createQueryOptimizer(library.database);
    const refused = { code: "storage.statement_invalid" };
    await expect(optimizer.analyze("SELECT nothing FROM book")).rejects.toMatchObject(refused);
    await expect(optimizer.analyze("SELECT (1 FROM book")).rejects.toMatchObject(refused);

    optimizer[Symbol.dispose]();
    optimizer[Symbol.dispose]();

    const closed = { code: "storage.closed" };
    await expect(optimizer.analyze("SELECT 1")).rejects.toMatchObject(closed);
    await expect(optimizer.suggestIndexes([])).rejects.toMatchObject(closed);
  });

  test("misspelt options are refused", async () => {
    await using library = await openLibrary();
    const misspelt: object = { maintainInterval: 5_000 };
    expect(() => createQueryOptimizer(library.database, misspelt)).toThrow(/maintainIntervalMs/);
  });
});
