import assert from "node:assert/strict";
import type { Database, SqlValue } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const schema = [
  "create table a (id integer primary key, p integer, name text, f text collate nocase) strict",
  "create index a_p on a (p, name)",
  "create index a_name on a (name)",
  "create index a_f on a (f)",
  "create index a_sum on a (p + 1)",
  "create table b (_row integer primary key, id text not null unique, p integer) strict",
  "create table c (id text primary key, p integer) strict, without rowid",
  "create table d (x integer, y integer, primary key (x, y)) strict, without rowid",
  "create table loose (id integer primary key, p integer)",
  "create index loose_p on loose (p)",
  "create table r (v real primary key) strict, without rowid",
  "create view named as select id, p, name from a",
  "create virtual table words using fts5 (body)",
];

const found = [
  ["select * from a where id = ?", "a", "id", 0],
  ["select id, upper(name) from a where id = ? and name > ?", "a", "id", 0],
  ["select * from a where p = ?", "a", "p", 0],
  ["select * from a where p = ? order by id desc limit 3 offset 1", "a", "p", 0],
  ["select * from a where p = ? order by name desc limit 3", "a", "p", 0],
  ["select count(*), sum(id) from a where p = ?", "a", "p", 0],
  ["select * from a where p = ? and name = ?", "a", "p", 0],
  ["select * from a where p = ? and name between ? and ?", "a", "p", 0],
  ["select * from a where name = ? and id > ?", "a", "name", 0],
  ["select * from a where id = abs(p) and name = ?", "a", "name", 0],
  ["select id from named where p = ?", "a", "p", 0],
  ["select * from b where id = ?", "b", "id", 0],
  ["select * from c where id = ?", "c", "id", 0],
  ["select * from d where x = ?", "d", "x", 0],
  ["select * from d where x = ? and y < ?", "d", "x", 0],
] as const;

const notFound = [
  "select * from a",
  "select 1",
  "select * from a where p > ?",
  "select * from a where p > ? and p <= ?",
  "select * from a where p >= ? and p <= ?",
  "select * from a where f = ?",
  "select * from a where p + 1 = ?",
  "select * from a where id = ? or id = ?",
  "select * from a where p in (select value from json_each(?))",
  "select * from a where id = ? + 1",
  "select * from a where id = length(?)",
  "select * from a where id = 5 and name = ?",
  "select * from d where (x, y) > (?, ?) and (x, y) <= (?, ?)",
  "select * from d where (x, y) >= (?, ?) and x <= ?",
  "select * from d where x >= ? and x < ?",
  "select * from d where x <= ? and x > ? order by x desc",
  "select * from a join c on c.p = a.id where a.id = ?",
  "select * from a where id = ? union all select * from a where p = 1",
  "select *, (select count(*) from a) from a where id = ?",
  "select *, (select max(id) from a as b where b.p = a.p) from a where id = ?",
  "select * from b where _row = (select max(_row) from b where p = ?)",
  "select * from loose where p = ?",
  "select * from r where v = ?",
  "select * from words where words match ?",
  "select rowid from b where rowid = ? and exists (select 1 from c)",
  "select nothing from nowhere where id = ?",
  "update a set name = '' where id = ?",
];

async function open() {
  const temporary = await openTemporaryDatabase();
  await temporary.database.write(async (connection) => {
    for (const sql of schema) await connection.execute(sql);
  });
  return temporary;
}

test.for(found)("D5: %s finds rows of %s by %s", async ([sql, table, column, parameter]) => {
  await using temporary = await open();

  const lookup = temporary.database.changes.rowLookup({ sql });

  expect(lookup).toMatchObject({ table, column, parameter });
});

test.for(notFound)("D5: %s is no lookup", async (sql) => {
  await using temporary = await open();

  expect(temporary.database.changes.rowLookup({ sql })).toBeUndefined();
});

test("D5: in a transaction the schema is not asked for lookups", async () => {
  await using temporary = await open();
  const { database } = temporary;
  const [sql] = found[0];

  await database.write(() => expect(database.changes.rowLookup({ sql })).toBeUndefined());

  expect(database.changes.rowLookup({ sql })).toBeDefined();
});

test("D5: changes of rows with other values do not change what a lookup finds", async () => {
  await using temporary = await open();
  const { database } = temporary;
  const value = fc.integer({ min: 0, max: 3 });
  const queries = found.filter(([, table]) => table === "a");
  const change = fc.record({ id: fc.integer({ min: 0, max: 9 }), p: value, name: value });

  let compared = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...queries),
      fc.tuple(value, value, value),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      async ([sql, , column], given, changes) => {
        const params: SqlValue[] = given.slice(0, sql.split("?").length - 1);
        // Text columns hold the same numbers as text.
        if (column === "name") params[0] = String(params[0]);
        const ask = (): Promise<unknown> => database.all({ sql, params });
        for (const one of changes) {
          const before = await ask();
          const touched = await replace(database, one, column);
          if (touched.includes(params[0])) continue;
          assert.deepEqual(await ask(), before);
          compared += 1;
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(compared).toBeGreaterThan(100);
}, 30_000);

/** Puts a row in the place of another one; answers with the values the column had. */
async function replace(
  database: Database,
  { id, p, name }: { readonly id: number; readonly p: number; readonly name: number },
  column: string,
): Promise<unknown[]> {
  return database.write(async (connection) => {
    const select = `select ${column} as v from a where id = ?`;
    const old = await connection.execute(select, [id]);
    const upsert = "insert or replace into a (id, p, name) values (?, ?, ?)";
    await connection.execute(upsert, [id, p, String(name)]);
    const now = await connection.execute(select, [id]);
    return [...old.rows, ...now.rows].map(({ v }) => v);
  });
}
