import { sqlQuery, type StorageEvent } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { StatementCache } from "../src/sqlite/statement-cache.ts";

function cacheOf(capacity: number): { cache: StatementCache; handle: Driver.Database } {
  const handle = new Driver(":memory:");
  return {
    handle,
    cache: new StatementCache(handle, {
      location: "x",
      statementCacheMax: capacity,
      queryLog: undefined,
      scanRowsMin: 0,
    }),
  };
}

describe("D1: statements are compiled once", () => {
  test("the same text is found again, and the counters say so", () => {
    const { cache } = cacheOf(8);

    const first = cache.find("select 1");
    const second = cache.find("select 1");

    expect(second).toBe(first);
    expect(cache.statistics()).toEqual({ cached: 1, hits: 1, misses: 1, compilations: 1 });
  });

  test("at the limit the least recently used statement makes room", () => {
    const { cache } = cacheOf(2);
    const kept = cache.find("select 1");
    cache.find("select 2");
    cache.find("select 1");

    cache.find("select 3");

    expect(cache.statistics().cached).toBe(2);
    expect(cache.find("select 1")).toBe(kept);
    expect(cache.statistics().misses).toBe(3);
    cache.find("select 2");
    expect(cache.statistics().misses).toBe(4);
  });

  test("integers are read exactly by a statement of their own", () => {
    const { cache } = cacheOf(8);
    const entry = cache.find("select 5 as n");

    expect(cache.exact(entry).get()).toEqual({ n: 5n });
    expect(cache.exact(entry)).toBe(cache.exact(entry));
    expect(entry.statement.get()).toEqual({ n: 5 });
    expect(cache.statistics().compilations).toBe(2);
  });

  test("a closed cache prepares nothing more", () => {
    const { cache } = cacheOf(8);
    cache.find("select 1");

    cache.close();

    expect(() => cache.find("select 1")).toThrow(
      expect.objectContaining({ code: "storage.closed" }),
    );
  });

  test("counters include readers that were closed, and go on after reopening", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 2 });
    const { database } = temporary;
    const query = sqlQuery("select 1 as n");
    await database.get(query);
    const lease = await database.unsafeTakeWriter();
    await lease.writer.get(query);
    await lease.reopen();
    await lease.writer.get(query);
    lease.release();
    await database.get(query);

    expect(database.statistics().statements).toEqual({
      cached: 2,
      hits: 0,
      misses: 4,
      compilations: 4,
    });
    expect(database.statistics().waitingWrites).toBe(0);
  });
});

describe("D1: what statements are given and give back", () => {
  test.each([
    ["a list in place of a value", { v: [1] }],
    ["an object", { v: {} }],
    ["true", { v: true }],
    ["a bigint of more than 64 bits", { v: 2n ** 64n }],
  ])("%s is refused", async (_, values) => {
    await using temporary = await openTemporaryDatabase();
    const query = sqlQuery<object, { v: string }>("select :v as v");

    await expect(temporary.database.get(query, values as never)).rejects.toMatchObject({
      code: "storage.value_invalid",
    });
    await expect(temporary.database.all(query, values as never)).rejects.toMatchObject({
      code: "storage.value_invalid",
    });
  });

  test("values go in and come out as they are", async () => {
    await using temporary = await openTemporaryDatabase();
    const query = sqlQuery<{ v: unknown }, { v: string | number | Uint8Array | null }>(
      "select :v as v",
    );

    for (const v of ["", "a\0b", "ü'\"", 0, -1.5, 2 ** 53 - 1, Infinity, 1e300, null]) {
      expect(await temporary.database.get(query, { v })).toEqual({ v });
    }
    const bytes = await temporary.database.get(query, { v: new Uint8Array([0, 255]) });
    expect(bytes).toEqual({ v: Buffer.from([0, 255]) });
  });

  test.each([
    ["no statement", "-- nothing"],
    ["two statements", "select 1; select 2"],
    ["a typing mistake", "selct 1"],
    ["an unknown table", "select * from nope"],
  ])("%s is refused with what SQLite says", async (_, sql) => {
    await using temporary = await openTemporaryDatabase();

    await expect(temporary.database.get({ sql, params: [] })).rejects.toMatchObject({
      code: "storage.statement_invalid",
    });
  });

  test("a NUL in SQL text is refused, because SQLite would stop reading there", async () => {
    await using temporary = await openTemporaryDatabase();

    await expect(
      temporary.database.get({ sql: "select 1\0 garbage", params: [] }),
    ).rejects.toMatchObject({ code: "storage.query_invalid" });
  });

  test("execute returns rows and changes, also for a statement that does both", async () => {
    await using temporary = await openTemporaryDatabase();

    const results = await temporary.database.write(async (connection) => [
      await connection.execute("create table t (a integer) strict"),
      await connection.execute("insert into t values (?), (?)", [1, 2]),
      await connection.execute("update t set a = a + 1 returning a"),
      await connection.execute("select a from t where a > ?", [2]),
      await connection.execute("pragma user_version"),
    ]);

    expect(results).toEqual([
      { rows: [], changes: 0 },
      { rows: [], changes: 2 },
      { rows: [{ a: 2 }, { a: 3 }], changes: 2 },
      { rows: [{ a: 3 }], changes: 0 },
      { rows: [{ user_version: 0 }], changes: 0 },
    ]);
  });

  test("a reference that is still broken at the end undoes the write, and the next one goes on", async () => {
    const events: StorageEvent[] = [];
    await using temporary = await openTemporaryDatabase({ onEvent: (event) => events.push(event) });
    const { database } = temporary;
    await database.write(async (connection) => {
      await connection.execute("create table p (id text primary key) strict");
      await connection.execute(
        "create table c (p text references p (id) deferrable initially deferred) strict",
      );
    });

    await expect(
      database.write((connection) => connection.execute("insert into c values ('none')")),
    ).rejects.toMatchObject({
      code: "storage.constraint",
      details: { constraint: { kind: "foreign_key" } },
    });
    await database.write((connection) => connection.execute("insert into p values ('one')"));

    expect(await database.all({ sql: "select p from c", params: [] })).toEqual([]);
    expect(events.filter(({ type }) => type === "reopened")).toEqual([]);
  });

  test("a returned integer that a number cannot keep is refused, and the write undone", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    await database.write((connection) => connection.execute("create table t (a integer) strict"));

    await expect(
      database.write((connection) =>
        connection.execute("insert into t values (9007199254740993) returning a"),
      ),
    ).rejects.toMatchObject({ code: "storage.integer_too_large", details: { column: "a" } });

    expect(await database.all({ sql: "select a from t", params: [] })).toEqual([]);
  });

  test("a statement that takes longer than the limit is reported without its values", async () => {
    using directory = temporaryDirectory();
    const events: StorageEvent[] = [];
    await using database = await openSqlite(directory.file("data.db"), {
      slowQueryMs: 5,
      onEvent: (event) => events.push(event),
    });
    const slow =
      "with recursive n (i) as (select 1 union all select i + 1 from n where i < ?) " +
      "select max(i) as m from n";

    await database.get({ sql: slow, params: [300_000] });
    await database.get({ sql: "select 1", params: [] });

    const reported = events.filter(({ type }) => type === "statement_slow");
    expect(reported).toMatchObject([{ sql: slow }]);
    const told = reported.map((event) => ({ ...event, durationMs: 0 }));
    expect(JSON.stringify(told)).not.toContain("300000");
  });
});
