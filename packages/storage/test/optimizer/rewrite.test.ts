import type { Database } from "@atlas/storage";
import { createQueryOptimizer } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openLibrary } from "./library.ts";

describe("D2: rewrite", () => {
  test.for([
    [
      "SELECT title FROM book WHERE (SELECT count(*) FROM loan WHERE book = book.id AND reader = ?) > 0 AND year = ?",
      "SELECT title FROM book WHERE EXISTS (SELECT 1 FROM loan WHERE book = book.id AND reader = ?) AND year = ?",
      "count-as-exists",
    ],
    [
      "SELECT title FROM book WHERE year = 1 OR 0 = (SELECT count(*) FROM loan WHERE number = pages)",
      "SELECT title FROM book WHERE year = 1 OR NOT EXISTS (SELECT 1 FROM loan WHERE number = pages)",
      "count-as-exists",
    ],
    [
      "SELECT count(title) FROM book",
      'SELECT count(*) AS "count(title)" FROM book',
      "count-of-required",
    ],
    [
      "SELECT count(DISTINCT b.id) AS n FROM book b",
      "SELECT count(*) AS n FROM book b",
      "count-of-required",
    ],
    [
      "SELECT min(id), max(id) AS last FROM book",
      'SELECT (SELECT min(id) FROM book) AS "min(id)", (SELECT max(id) FROM book) AS last',
      "min-and-max-apart",
    ],
    [
      "SELECT title FROM book WHERE id IN (SELECT book FROM loan WHERE reader = ? ORDER BY returned) ORDER BY id",
      "SELECT title FROM book WHERE id IN (SELECT book FROM loan WHERE reader = ? ) ORDER BY id",
      "order-in-list",
    ],
  ] as const)("%s", async ([sql, rewritten, rule]) => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);

    const found = await optimizer.rewrite({ sql });

    expect(found).toMatchObject({ sql: rewritten, rules: [rule] });
    expect(found.costAfter).toBeLessThan(found.costBefore);
    expect((await optimizer.rewrite(rewritten)).rules).toEqual([]);
  });

  test.for([
    [
      "compared with another number",
      "SELECT id FROM book WHERE (SELECT count(*) FROM loan WHERE number = pages) > 1",
    ],
    [
      "part of a sum",
      "SELECT id FROM book WHERE 1 + (SELECT count(*) FROM loan WHERE number = pages) > 0",
    ],
    [
      "grouped",
      "SELECT id FROM book WHERE (SELECT count(*) FROM loan WHERE number = pages GROUP BY reader) > 0",
    ],
    [
      "limited",
      "SELECT id FROM book WHERE (SELECT count(*) FROM loan WHERE number = pages LIMIT 0) = 0",
    ],
    ["a result", "SELECT (SELECT count(*) FROM loan WHERE number = pages) > 0 FROM book"],
    [
      "of a column",
      "SELECT id FROM book WHERE (SELECT count(returned) FROM loan WHERE number = pages) > 0",
    ],
    ["nullable", "SELECT count(genre) FROM book"],
    [
      "of the optional side",
      "SELECT count(loan.reader) FROM book LEFT JOIN loan ON loan.book = book.id",
    ],
    ["not unique", "SELECT count(DISTINCT title) FROM book"],
    [
      "of a query that has a table's name",
      "WITH book AS (SELECT NULL AS title) SELECT count(title) FROM book",
    ],
    ["filtered", "SELECT count(title) FILTER (WHERE year > 1920) FROM book"],
    ["over a window", "SELECT count(title) OVER () FROM book"],
    ["without an index to end", "SELECT min(pages), max(pages) FROM book"],
    ["with a placeholder", "SELECT min(id), max(id) FROM book WHERE id > ?"],
    ["grouped", "SELECT min(id), max(id) FROM book GROUP BY author"],
    ["of several values", "SELECT min(id, title), max(id) FROM book"],
    [
      "with a limit",
      "SELECT id FROM book WHERE id IN (SELECT book FROM loan ORDER BY number LIMIT 3)",
    ],
    [
      "ordered by a value",
      "SELECT id FROM book WHERE id IN (SELECT book FROM loan ORDER BY number + ?)",
    ],
  ] as const)("leaves alone what is %s: %s", async ([, sql]) => {
    await using library = await openLibrary();
    using optimizer = createQueryOptimizer(library.database);

    expect(await optimizer.rewrite(sql)).toMatchObject({ sql, rules: [] });
  });

  // Goal: a rewritten statement answers what the original does, for any data. Statements are put
  // together at random from parts on which rules act and parts they must not mistake for them.
  test(
    "rewritten statements answer the same, in the same order, for random data",
    { timeout: 60_000 },
    async () => {
      await using temporary = await openTemporaryDatabase({ durability: "relaxed" });
      const { database } = temporary;
      await database.write(async (connection) => {
        await connection.execute(
          "CREATE TABLE p (k INTEGER PRIMARY KEY, u TEXT NOT NULL UNIQUE, a INTEGER, t TEXT, r REAL)",
        );
        await connection.execute("CREATE TABLE c (p INTEGER, n INTEGER NOT NULL, t TEXT)");
        for (const on of ["p (a)", "p (t)", "c (n)"]) {
          await connection.execute(`CREATE INDEX ${on.replace(/\W/g, "")} ON ${on}`);
        }
      });
      let rewritten = 0;

      await fc.assert(
        fc.asyncProperty(parents, children, statements, async (p, c, sql) => {
          await fill(database, p, c);
          using optimizer = createQueryOptimizer(database, { sampleAgeMsMax: 0 });
          const found = await optimizer.rewrite(sql);
          if (found.rules.length > 0) rewritten += 1;
          const query = (text: string): Promise<object[]> =>
            database.all({ sql: text, params: [] });
          expect(await query(found.sql)).toEqual(await query(sql));
        }),
        { numRuns: 400 },
      );

      // Otherwise nothing was tested.
      expect(rewritten).toBeGreaterThan(80);
    },
  );
});

const small = fc.integer({ min: -2, max: 3 });
const word = fc.constantFrom("a", "B", "b", "1", "1.0", "");
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value);
const parents = fc.array(
  fc.tuple(maybe(small), maybe(word), maybe(fc.constantFrom(0.5, 1, -0.5))),
  {
    maxLength: 8,
  },
);
const children = fc.array(fc.tuple(maybe(small), small, maybe(word)), { maxLength: 8 });

const inner = fc.constantFrom(
  "c.p = p.k",
  "n > a",
  "c.t = p.t",
  "n = 1",
  "c.t IS p.t",
  "1 = 1",
  "n < 0 OR c.p > 1",
);
const counts = fc
  .tuple(
    inner,
    fc.constantFrom("> 0", ">= 1", "<> 0", "= 0", "< 1", "<= 0", "> 1", "= 1", "+ 0 > 0"),
  )
  .map(([where, compared]) => `(SELECT count(*) FROM c WHERE ${where}) ${compared}`);
const lists = fc
  .tuple(
    fc.constantFrom(
      "k IN (SELECT p",
      "a NOT IN (SELECT n",
      "p.t IN (SELECT t",
      "k IN (SELECT max(n)",
    ),
    fc.constantFrom("n", "t DESC", "1", "n LIMIT 1"),
  )
  .map(([list, order]) => `${list} FROM c ORDER BY ${order})`);
const plain = fc.constantFrom("a > 0", "p.t = 'b'", "a IS NULL", "k BETWEEN 1 AND 3", "NOT a = 1");
const conditions = fc
  .array(fc.tuple(fc.oneof(counts, counts, lists, plain), fc.constantFrom(" AND ", " OR ")), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.map(([part, word], at) => (at === 0 ? part : word + part)).join(""));
const result = fc.constantFrom(
  "count(u), count(DISTINCT k), count(a)",
  "count(k) AS n",
  "count(DISTINCT u) AS n",
  "min(k), max(k)",
  "min(u) AS first, max(t)",
  "max(a), min(a), max(a)",
  "min(k), count(u)",
  "sum(a), max(k)",
);
const statements = fc.oneof(
  conditions.map((where) => `SELECT * FROM p WHERE ${where} ORDER BY k`),
  fc
    .tuple(
      result,
      fc.constantFrom("", " WHERE k > 1", " WHERE a IS NULL", " WHERE t < 'b' AND a = 1"),
    )
    .map(([list, where]) => `SELECT ${list} FROM p${where}`),
  fc.tuple(result, conditions).map(([list, where]) => `SELECT ${list} FROM p WHERE ${where}`),
  conditions.map(
    (where) =>
      `SELECT p.k, c.n FROM p LEFT JOIN c ON c.p = p.k AND (${where}) ORDER BY p.k, c.n, c.rowid`,
  ),
);

async function fill(
  database: Database,
  p: readonly (readonly [number | null, string | null, number | null])[],
  c: readonly (readonly [number | null, number, string | null])[],
): Promise<void> {
  await database.write(async (connection) => {
    await connection.execute("DELETE FROM p");
    await connection.execute("DELETE FROM c");
    for (const [at, [a, t, r]] of p.entries()) {
      const values = [at + 1, `u${(at * 7) % 10}${at}`, a, t, r];
      await connection.execute("INSERT INTO p VALUES (?, ?, ?, ?, ?)", values);
    }
    for (const row of c) await connection.execute("INSERT INTO c VALUES (?, ?, ?)", row);
  });
}
