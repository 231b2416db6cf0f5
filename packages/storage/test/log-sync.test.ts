import { closeSync, openSync, renameSync, rmSync, statSync, symlinkSync, writeSync } from "node:fs";
import { type Database, sqlQuery, type StorageEvent } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { SkewedClock } from "./fixtures/skewed-clock.ts";

const insert = sqlQuery<never, { a: string }>("insert into t values (:a)");
const values = sqlQuery<{ a: string }>("select a from t order by a");

async function openWithTable(
  path: string,
  events: StorageEvent[] = [],
  clock: SkewedClock = new SkewedClock(),
): Promise<Database> {
  const database = await openSqlite(path, {
    onEvent: (event) => events.push(event),
    clock: clock.now,
  });
  await database.write((connection) => connection.execute("create table t (a text) strict"));
  return database;
}

/** Puts a file that no device can sync in the place of the log; SQLite keeps the real one. */
function breakLog(path: string, clock: SkewedClock): () => void {
  clock.skip(2_000);
  renameSync(`${path}-wal`, `${path}-real`);
  symlinkSync("/dev/null", `${path}-wal`);
  return () => {
    rmSync(`${path}-wal`);
    renameSync(`${path}-real`, `${path}-wal`);
  };
}

describe("T1: an acknowledged write was synced", () => {
  test("each write waits for a sync of its own or a shared one, and relaxed ones for none", async () => {
    using directory = temporaryDirectory();
    const events: StorageEvent[] = [];
    await using database = await openWithTable(directory.file("data.db"), events);
    const syncs = (): number => events.filter(({ type }) => type === "synced").length;
    const before = syncs();

    await database.write((connection) => connection.run(insert, { a: "a" }));
    expect(syncs()).toBe(before + 1);
    await using relaxed = await openSqlite(directory.file("other.db"), {
      durability: "relaxed",
      onEvent: (event) => events.push(event),
    });
    await relaxed.write((connection) => connection.execute("create table t (a text) strict"));

    expect(syncs()).toBe(before + 1);
  });
});

describe("T1: a sync that fails", () => {
  test("fails its write, and the next write reopens the file and goes on", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const events: StorageEvent[] = [];
    const clock = new SkewedClock();
    await using database = await openWithTable(path, events, clock);
    const repair = breakLog(path, clock);

    const write = database.write((connection) => connection.run(insert, { a: "a" }));
    await expect(write).rejects.toMatchObject({ code: "storage.sync_failed" });
    repair();
    await database.write((connection) => connection.run(insert, { a: "b" }));

    expect(await database.all(values)).toEqual([{ a: "a" }, { a: "b" }]);
    expect(events.map(({ type }) => type)).toContain("reopened");
  });

  test("stops the writer of a lease until it reopens", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const clock = new SkewedClock();
    await using database = await openWithTable(path, [], clock);
    const lease = await database.unsafeTakeWriter();
    const { writer } = lease;
    const repair = breakLog(path, clock);
    await writer.tryBegin();
    await writer.run(insert, { a: "a" });
    await writer.commit();

    expect(() => lease.syncLogBlocking()).toThrow(
      expect.objectContaining({ code: "storage.sync_failed" }),
    );
    const refused = expect.objectContaining({ code: "storage.reopen_required" });
    expect(() => writer.tryBegin()).toThrow(refused);
    await expect(lease.syncLog()).rejects.toMatchObject({ code: "storage.sync_failed" });
    repair();
    await lease.reopen();
    await writer.tryBegin();
    await writer.run(insert, { a: "b" });
    await writer.commit();
    await lease.syncLog();

    lease.release();
    expect(await database.all(values)).toEqual([{ a: "a" }, { a: "b" }]);
  });

  test("does not let a transaction commit that was open when it failed", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const clock = new SkewedClock();
    await using database = await openWithTable(path, [], clock);
    const { writer, syncLog, release } = await database.unsafeTakeWriter();
    const repair = breakLog(path, clock);
    await writer.tryBegin();
    await writer.run(insert, { a: "a" });

    await expect(syncLog()).rejects.toMatchObject({ code: "storage.sync_failed" });
    expect(() => writer.commit()).toThrow(
      expect.objectContaining({ code: "storage.reopen_required", txState: "active" }),
    );
    await writer.rollback();
    release();
    repair();

    await database.write(() => undefined);
    expect(await database.all(values)).toEqual([]);
  });

  // With every handle of the file closed the log would be gone by itself.
  test("leaves a log from which nothing is read any more, also while others use the file", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await using database = await openWithTable(path);
    await using _ = await openSqlite(path);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    const lease = await database.unsafeTakeWriter();

    await lease.reopen();

    expect(statSync(`${path}-wal`).size).toBe(0);
    lease.release();
  });

  test("reopening waits for readers, and says so when they do not end", async () => {
    using directory = temporaryDirectory();
    await using database = await openSqlite(directory.file("data.db"), { writeTimeoutMs: 20 });
    const lease = await database.unsafeTakeWriter();
    const reader = await database.pool.acquire();

    await expect(lease.reopen()).rejects.toMatchObject({ code: "storage.busy" });
    expect(() => lease.writer.tryBegin()).toThrow(
      expect.objectContaining({ code: "storage.reopen_required" }),
    );
    database.pool.release(reader);
    await lease.reopen();

    expect(await lease.writer.tryBegin()).toBe(true);
    lease.release();
  });

  test("reopening finds damage that happened meanwhile", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const database = await openWithTable(path);
    await database.write((connection) =>
      connection.runMany(
        insert,
        Array.from({ length: 2_000 }, (_, n) => ({ a: `${n}`.repeat(20) })),
      ),
    );
    const lease = await database.unsafeTakeWriter();
    // A page in the middle of the table, overwritten while SQLite does not look.
    const damage = new Driver(path);
    damage.pragma("wal_checkpoint(truncate)");
    damage.close();
    const fd = openSync(path, "r+");
    writeSync(fd, Buffer.alloc(4_096, 0x5a), 0, 4_096, 4_096 * 5);
    closeSync(fd);

    await expect(lease.reopen()).rejects.toMatchObject({ code: "storage.corrupt" });

    lease.release();
    await database.close();
  });
});
