import { rmSync } from "node:fs";
import type { StorageEvent } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { sqliteDefaults } from "../src/sqlite/open-options.ts";
import { ReaderPool } from "../src/sqlite/reader-pool.ts";

function reasons(events: readonly StorageEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === "reader_retired" ? [event.reason] : []));
}

describe("D3: readers come and go", () => {
  test("readers are opened when they are needed, up to the size of the pool", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 3 });
    const { pool } = temporary.database;
    expect(pool.status()).toEqual({ total: 1, active: 0, idle: 1, waitingRequests: 0 });

    const held = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    const waiting = pool.acquire();
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(pool.status()).toEqual({ total: 3, active: 3, idle: 0, waitingRequests: 1 });
    for (const reader of held) pool.release(reader);
    pool.release(await waiting);
    expect(pool.status()).toEqual({ total: 3, active: 0, idle: 3, waitingRequests: 0 });
  });

  test("a reader is replaced after its uses and at its age", async () => {
    const events: StorageEvent[] = [];
    let now = 0;
    await using temporary = await openTemporaryDatabase({
      readerUsesMax: 2,
      readerAgeMsMax: 1_000,
      clock: () => now,
      onEvent: (event) => events.push(event),
    });
    const { database } = temporary;

    await database.read(() => undefined);
    expect(reasons(events)).toEqual(["uses"]);
    await database.read(() => undefined);
    now = 1_000;
    await database.read(() => undefined);

    expect(reasons(events)).toEqual(["uses", "uses"]);
    await database.read(() => undefined);
    now = 2_500;
    await database.read(() => undefined);
    expect(reasons(events)).toEqual(["uses", "uses", "uses"]);
  });

  test("a reader that is old goes when it comes back", async () => {
    const events: StorageEvent[] = [];
    let now = 0;
    await using temporary = await openTemporaryDatabase({
      readerAgeMsMax: 1_000,
      clock: () => now,
      onEvent: (event) => events.push(event),
    });

    now = 999;
    await temporary.database.read(() => undefined);
    expect(reasons(events)).toEqual([]);
    now = 1_000;
    await temporary.database.read(() => undefined);

    expect(reasons(events)).toEqual(["age"]);
  });

  test("shrinking closes idle readers at once", async () => {
    const events: StorageEvent[] = [];
    await using temporary = await openTemporaryDatabase({ onEvent: (event) => events.push(event) });
    const { pool } = temporary.database;
    const held = await Promise.all([pool.acquire(), pool.acquire()]);
    for (const reader of held) pool.release(reader);

    pool.resize(1);

    expect(pool.status().total).toBe(1);
    expect(reasons(events)).toEqual(["surplus"]);
    for (const size of [0, 65, 1.5]) {
      expect(() => pool.resize(size)).toThrow(
        expect.objectContaining({ code: "configuration.invalid_option" }),
      );
    }
  });

  test("a reader with an open transaction is never put back", async () => {
    await using temporary = await openTemporaryDatabase();
    const { path } = temporary;
    const events: StorageEvent[] = [];
    const emit = (event: StorageEvent): number => events.push(event);
    const pool = new ReaderPool({
      driver: Driver,
      location: path,
      path,
      settings: sqliteDefaults,
      emit,
    });
    const reader = await pool.acquire({ timeoutMs: 1_000 });
    reader.session.verbs.beginRead();

    pool.release(reader);

    expect(reasons(events)).toEqual(["unclean"]);
    expect(pool.status().total).toBe(0);
    await pool.close();
  });

  test("a reader that was acquired is released by its block", async () => {
    await using temporary = await openTemporaryDatabase();
    const { pool } = temporary.database;
    {
      using reader = await pool.acquire();
      expect(await reader.get({ sql: "select 1 as n", params: [] })).toEqual({ n: 1 });
      expect(reader.id).toMatch(/^reader-\d+$/);
      expect(pool.status().active).toBe(1);
    }
    expect(pool.status().active).toBe(0);
  });
});

describe("D3: waiting is bounded and can be given up", () => {
  test("a full queue refuses at once", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 1, readsWaitingMax: 1 });
    const { database } = temporary;
    const held = await database.pool.acquire();
    const waiting = database.pool.acquire();

    await expect(database.pool.acquire()).rejects.toMatchObject({ code: "storage.queue_full" });
    await expect(database.get({ sql: "select 1", params: [] })).rejects.toMatchObject({
      code: "storage.queue_full",
    });

    database.pool.release(held);
    database.pool.release(await waiting);
  });

  test("a signal ends a wait, and the place in the queue is free again", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 1 });
    const { database } = temporary;
    const held = await database.pool.acquire();
    const cancelled = new AbortController();

    const waiting = database.read(() => undefined, { signal: cancelled.signal });
    cancelled.abort(new Error("enough"));
    await expect(waiting).rejects.toMatchObject({
      code: "operation.cancelled",
      cause: { message: "enough" },
    });
    expect(database.pool.status().waitingRequests).toBe(0);
    await expect(
      database.read(() => undefined, { signal: cancelled.signal }),
    ).rejects.toMatchObject({ code: "operation.cancelled" });

    database.pool.release(held);
  });

  test("writes that wait are bounded, in order, and refused at their deadline", async () => {
    await using temporary = await openTemporaryDatabase({ writesWaitingMax: 1 });
    const { database } = temporary;
    let finish: (() => void) | undefined;
    const running = database.write(() => new Promise<void>((resolve) => (finish = resolve)));
    await new Promise((resolve) => setImmediate(resolve));

    await expect(database.write(() => undefined, { timeoutMs: 1 })).rejects.toMatchObject({
      code: "storage.busy",
    });
    const waiting = database.write(() => "second");
    expect(database.statistics().waitingWrites).toBe(1);
    await expect(database.write(() => undefined)).rejects.toMatchObject({
      code: "storage.queue_full",
    });

    finish!();
    await running;
    expect(await waiting).toBe("second");
  });

  test("who waits to write is told when the writer goes to an owner", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    const running = database.write(() => new Promise((resolve) => setTimeout(resolve, 5)));
    await new Promise((resolve) => setImmediate(resolve));

    const taking = database.unsafeTakeWriter();
    const late = database.write(() => undefined);
    await expect(late).rejects.toMatchObject({ code: "storage.writer_taken" });
    await running;

    (await taking).release();
    await database.write(() => undefined);
  });

  test("closing refuses who waits, and ends a lease with its transaction", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const database = await openSqlite(path, { readers: 1 });
    await database.write((connection) => connection.execute("create table t (a text) strict"));
    const lease = await database.unsafeTakeWriter();
    await lease.writer.tryBegin();
    await lease.writer.execute("insert into t values ('a')");
    const held = await database.pool.acquire();
    const waiting = database.pool.acquire();

    const closing = database.close();
    await expect(waiting).rejects.toMatchObject({ code: "storage.closed" });
    database.pool.release(held);
    await closing;

    expect(() => lease.writer.commit()).toThrow(
      expect.objectContaining({ code: "storage.closed" }),
    );
    await expect(lease.syncLog()).rejects.toMatchObject({ code: "storage.closed" });
    lease.release();
    await using again = await openSqlite(path);
    expect(await again.all({ sql: "select a from t", params: [] })).toEqual([]);
  });

  test("a reader that cannot be opened fails its request, and the pool goes on", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await using database = await openSqlite(path, { readers: 2 });
    const held = await database.pool.acquire();
    rmSync(path);

    await expect(database.pool.acquire()).rejects.toMatchObject({ code: "storage.cannot_open" });

    expect(database.pool.status()).toMatchObject({ total: 1, waitingRequests: 0 });
    database.pool.release(held);
    expect(await database.get({ sql: "select 1 as n", params: [] })).toEqual({ n: 1 });
  });
});
