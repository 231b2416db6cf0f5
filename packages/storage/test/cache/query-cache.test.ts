import { from, param, sqlQuery } from "@atlas/storage";
import { createCacheManager, createQueryCache } from "@atlas/storage/cache";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { byId, openCachedTasks, tasks, total, withParts } from "./cached-tasks.ts";

describe("D5: cached answers", () => {
  test("the second question is answered without the database", async () => {
    await using open = await openCachedTasks();
    const { database, queries, cache } = open;

    const first = await queries.get(byId, { id: 1 });
    const { statements } = database.statistics();
    const second = await queries.get(byId, { id: 1 });

    expect(second).toBe(first);
    expect(database.statistics().statements).toEqual(statements);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, loads: 1, hitRate: 0.5 });
  });

  test("answers of other values, of get and all, and of queries that map rows do not mix", async () => {
    await using open = await openCachedTasks();
    const { queries } = open;
    const same = { sql: byId.sql, params: byId.params, decode: () => "mapped" };

    expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 0 });
    expect(await queries.get(byId, { id: 2 })).toEqual({ id: 2, value: 0 });
    expect(await queries.all(byId, { id: 1 })).toEqual([{ id: 1, value: 0 }]);
    expect(await queries.get(same, { id: 1 })).toBe("mapped");
    expect(await queries.get(byId, { id: 1_000 })).toBeUndefined();
    expect(await queries.get(byId, { id: 1_000 })).toBeUndefined();
  });

  test("bound values of every kind make keys of their own", async () => {
    await using open = await openCachedTasks();
    const echo = sqlQuery<{ a: unknown; b: unknown }, { a: unknown; b: unknown }>(
      "select :a as a, :b as b",
    );
    const values = ["", "1", 1, 1n, null, new Uint8Array([49]), "n1", "1:_", "s"];

    for (const round of [1, 2]) {
      for (const a of values) {
        for (const b of values) {
          const row = await open.queries.get(echo, { a, b });
          const plain = [a, b].map((value) => (value === 1n ? 1 : value));
          expect(round > 0 && [row?.a, row?.b]).toEqual(plain.map(bytes));
        }
      }
    }
  });

  test("a commit drops what it changed, a rollback nothing", async () => {
    await using open = await openCachedTasks();
    const { database, queries, cache } = open;
    await queries.get(byId, { id: 1 });

    await expect(
      database.write(async (connection) => {
        await connection.execute("update tasks set value = 9 where id = 1");
        expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 0 });
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    const kept = cache.stats().invalidations;
    expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 0 });
    await open.set(2, 5);

    expect(kept).toBe(0);
    expect(cache.stats().entries).toBe(0);
    expect(await queries.get(byId, { id: 2 })).toEqual({ id: 2, value: 5 });
  });

  test("a commit to another table drops nothing, one of unknown extent everything", async () => {
    await using open = await openCachedTasks();
    const { database, queries, cache } = open;
    await queries.get(byId, { id: 1 });

    await database.write((connection) =>
      connection.execute("insert into notes values ('n', 1, '')"),
    );
    const kept = cache.stats().entries;
    await database.write((connection) => connection.execute("create table another (id integer)"));

    expect(kept).toBe(1);
    expect(cache.stats().entries).toBe(0);
  });

  test("an answer whose tables cannot be told is dropped by every commit", async () => {
    await using open = await openCachedTasks();
    const { database, queries } = open;
    await database.write((connection) =>
      connection.execute("create virtual table words using fts5 (body)"),
    );
    const found = sqlQuery<{ n: number }>("select count(*) as n from words where words match 'a'");
    expect(await queries.get(found)).toEqual({ n: 0 });

    await database.write((connection) => connection.execute("insert into words values ('a')"));

    expect(await queries.get(found)).toEqual({ n: 1 });
  });

  test("what another connection or process commits is seen by the next question", async () => {
    await using open = await openCachedTasks();
    await using other = await openSqlite(open.path);
    await open.queries.get(total);

    await other.write((connection) =>
      connection.execute("update tasks set value = 3 where id = 1"),
    );

    expect(await open.queries.get(total)).toEqual({ total: 3 });
  });

  test("a read that a commit overtakes is given to who asked before, and not kept", async () => {
    await using open = await openCachedTasks();
    const { database } = open;
    const gate = Promise.withResolvers<void>();
    let slow = true;
    const get = async (...asked: Parameters<typeof database.get>): Promise<unknown> => {
      const row = await database.get(...asked);
      if (slow) await gate.promise;
      return row;
    };
    const through = withParts(database, { get: get as typeof database.get });
    const cache = createCacheManager();
    using queries = createQueryCache({ database: through, cache });

    const before = [queries.get(byId, { id: 1 }), queries.get(byId, { id: 1 })];
    await open.set(1, 7);
    slow = false;
    const after = queries.get(byId, { id: 1 });
    gate.resolve();

    expect(await after).toEqual({ id: 1, value: 7 });
    expect(await Promise.all(before)).toEqual([
      { id: 1, value: 0 },
      { id: 1, value: 0 },
    ]);
    expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 7 });
    expect(cache.stats()).toMatchObject({ sharedLoads: 1, overtakenLoads: 1, loads: 2 });
  });

  test("answers cannot be changed", async () => {
    await using open = await openCachedTasks();
    const { queries } = open;
    const labels = from(tasks).select("labels").where("id", "eq", param("id")).build();
    const row = await queries.get(labels, { id: 1 });
    const rows = await queries.all(byId, { id: 1 });

    expect(() => Object.assign(row!, { labels: 1 })).toThrow(TypeError);
    expect(() => (row!.labels as unknown[]).push("x")).toThrow(TypeError);
    expect(() => (rows as unknown[]).push("x")).toThrow(TypeError);
  });

  test("an answer with bytes is copied for everybody", async () => {
    await using open = await openCachedTasks();
    const { queries, database, cache } = open;
    await database.write((connection) =>
      connection.execute("update tasks set picture = x'0102' where id = 1"),
    );
    const picture = from(tasks).select("picture").where("id", "eq", param("id")).build();
    const [first, shared] = await Promise.all([
      queries.get(picture, { id: 1 }),
      queries.get(picture, { id: 1 }),
    ]);

    first!.picture![0] = 99;
    shared!.picture![1] = 99;
    const third = await queries.get(picture, { id: 1 });
    third!.picture![0] = 99;

    expect([...(await queries.get(picture, { id: 1 }))!.picture!]).toEqual([1, 2]);
    expect(cache.stats()).toMatchObject({ loads: 1, hits: 2 });
  });

  test("an answer with objects of other kinds is not kept and not shared", async () => {
    await using open = await openCachedTasks();
    class Task {
      value = 0;
    }
    const mapped = { ...byId, decode: () => new Task() };

    const asked = [1, 2, 3].map(() => open.queries.get(mapped, { id: 1 }));
    const rows = await Promise.all(asked);

    expect(new Set(rows).size).toBe(3);
    expect(rows.every((row) => row instanceof Task && !Object.isFrozen(row))).toBe(true);
    expect(open.cache.stats().entries).toBe(0);
  });

  test("errors are those of the database, and are not kept", async () => {
    await using open = await openCachedTasks();
    const missing = sqlQuery<{ id: number }>("select id from nowhere");

    await expect(open.queries.get(byId, {} as never)).rejects.toMatchObject({
      code: "storage.value_missing",
    });
    await expect(open.queries.all(missing)).rejects.toMatchObject({
      code: "storage.statement_invalid",
    });
    await open.database.write((connection) =>
      connection.execute("create table nowhere (id integer)"),
    );

    expect(await open.queries.all(missing)).toEqual([]);
  });

  test("values that are too long for a key are read through", async () => {
    await using open = await openCachedTasks();
    const named = sqlQuery<{ id: number }, { name: string }>(
      "select id from tasks where name = :name",
    );

    expect(await open.queries.all(named, { name: "x".repeat(5_000) })).toEqual([]);
    expect(open.cache.stats()).toMatchObject({ entries: 0, loads: 0 });
  });

  test("after it is closed it refuses, holds nothing and follows nothing", async () => {
    await using open = await openCachedTasks();
    await open.queries.get(byId, { id: 1 });

    open.queries.close();
    open.queries.close();

    expect(open.cache.stats().entries).toBe(0);
    await expect(open.queries.get(byId, { id: 1 })).rejects.toMatchObject({
      code: "storage.closed",
    });
  });

  test("when the version of the file cannot be asked, the database answers", async () => {
    await using open = await openCachedTasks();
    const { database } = open;
    let broken = false;
    const { changes: feed } = database;
    const changes: typeof feed = {
      subscribe: (listener) => feed.subscribe(listener),
      tablesRead: (query) => feed.tablesRead(query),
      rowLookup: (query) => feed.rowLookup(query),
      followRows: (table, columns) => feed.followRows(table, columns),
      foreignVersion: () => {
        if (broken) throw new Error("busy");
        return feed.foreignVersion();
      },
    };
    const cache = createCacheManager();
    using queries = createQueryCache({ database: withParts(database, { changes }), cache });
    await queries.get(byId, { id: 1 });
    broken = true;

    expect(await queries.get(byId, { id: 1 })).toEqual({ id: 1, value: 0 });
    expect(cache.stats()).toMatchObject({ entries: 0, hits: 0 });
  });

  test("the queries that cost most and have no values are run ahead", async () => {
    await using open = await openCachedTasks();
    const all = from(tasks).select("id", "value").orderBy("id").limit(3).build();
    const entries = [total.sql, "select 1 as one", byId.sql, "delete from tasks", "select nothing"];
    const cost = { runs: 1, rows: 1, totalMs: 1, maxMs: 1, p50Ms: 1, p99Ms: 1 };
    const log = { entries: () => entries.map((sql) => ({ ...cost, sql, text: sql })) };

    const report = await open.queries.warmFrom(log, { queries: [all] });
    const { loads } = open.cache.stats();
    await open.queries.all(total);

    expect(report).toEqual({ loaded: 2, failed: 1 });
    expect(open.cache.stats().loads).toBe(loads);
  });

  test("options that do not exist are refused", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    const options = { database, cache: createCacheManager(), otherwriters: "excluded" };

    expect(() => createQueryCache(options as never)).toThrow(
      expect.objectContaining({ code: "configuration.unknown_option" }),
    );
  });
});

function bytes(value: unknown): unknown {
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}
