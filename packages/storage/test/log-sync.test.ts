import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type Database, sqlQuery, type StorageEvent } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { emitterOf, type DataFile } from "../src/sqlite/data-file.ts";
import { LogSync } from "../src/sqlite/log-sync.ts";
import { sqliteDefaults } from "../src/sqlite/open-options.ts";

const insert = sqlQuery<never, { a: string }>("insert into t values (:a)");
const values = sqlQuery<{ a: string }>("select a from t order by a");

async function openWithTable(
  path: string,
  events: StorageEvent[] = [],
  clock: Clock = new Clock(),
): Promise<Database> {
  const database = await openSqlite(path, {
    onEvent: (event) => events.push(event),
    clock: clock.now,
  });
  await database.write((connection) => connection.execute("create table t (a text) strict"));
  return database;
}

/** A clock that can be told to go forward: the log is compared with its path once a second. */
class Clock {
  #skew = 0;
  readonly now = (): number => performance.now() + this.#skew;
  skip(milliseconds: number): void {
    this.#skew += milliseconds;
  }
}

/** Puts a file that no device can sync in the place of the log; SQLite keeps the real one. */
function breakLog(path: string, clock: Clock): () => void {
  clock.skip(2_000);
  renameSync(`${path}-wal`, `${path}-real`);
  symlinkSync("/dev/null", `${path}-wal`);
  return () => {
    rmSync(`${path}-wal`);
    renameSync(`${path}-real`, `${path}-wal`);
  };
}

function fileFor(path: string, events: StorageEvent[] = [], clock = new Clock()): DataFile {
  const emit = emitterOf((event) => events.push(event));
  const settings = { ...sqliteDefaults, clock: clock.now };
  return { driver: Driver, location: path, path, settings, emit };
}

/** Files that this process has open, by what Linux says they are. */
function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
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

  test("callers that come while a sync runs share the one after it", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const events: StorageEvent[] = [];
    const log = new LogSync(fileFor(path, events), path);

    await Promise.all([log.sync(), log.sync(), log.sync(), log.sync()]);

    expect(events.length).toBe(2);
    await log.close();
  });

  test("the two lanes run side by side, and each shares its own next sync", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const events: StorageEvent[] = [];
    const log = new LogSync(fileFor(path, events), path);

    const first = [log.sync(0), log.sync(1)];
    const later = [log.sync(1), log.sync(0), log.sync(1)];
    await Promise.all([...first, ...later]);

    expect(events.length).toBe(4);
    await log.close();
  });

  test.skipIf(process.platform !== "linux")("closing gives every descriptor back", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const log = new LogSync(fileFor(path), path);
    await log.sync();
    await log.sync(1);
    log.syncBlocking();
    expect(openFiles().filter((name) => name.startsWith(path))).toEqual([path, path, path]);

    await log.close();

    expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
  });
});

describe("T1: a sync that fails", () => {
  test("is never confirmed afterwards, whoever asks and however", async () => {
    const events: StorageEvent[] = [];
    const log = new LogSync(fileFor("x", events), "/dev/null");
    const failed = { code: "storage.sync_failed", txState: "unknown" };

    const results = await Promise.allSettled([log.sync(), log.sync()]);
    expect(results).toMatchObject([{ reason: failed }, { reason: failed }]);
    await expect(log.sync()).rejects.toMatchObject(failed);
    expect(() => log.syncBlocking()).toThrow(expect.objectContaining(failed));

    expect(log.failed).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(["sync_failed"]);
    await log.close();
  });

  test.each([
    ["removed", (path: string) => rmSync(path)],
    [
      "replaced",
      (path: string) => {
        copyFileSync(path, `${path}2`);
        renameSync(`${path}2`, path);
      },
    ],
  ])("is also one of a log that another program has %s", async (_, harm) => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const clock = new Clock();
    const log = new LogSync(fileFor(path, [], clock), path);
    await log.sync();
    log.syncBlocking();
    harm(path);
    clock.skip(2_000);

    expect(() => log.syncBlocking()).toThrow(
      expect.objectContaining({ code: "storage.sync_failed" }),
    );
    await expect(log.sync()).rejects.toMatchObject({ code: "storage.sync_failed" });
    await log.close();
  });

  test("on one lane fails the one that runs on the other lane as well", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const clock = new Clock();
    const log = new LogSync(fileFor(path, [], clock), path);
    await Promise.all([log.sync(0), log.sync(1)]);

    const running = log.sync(0);
    rmSync(path);
    clock.skip(2_000);
    const failed = { code: "storage.sync_failed" };
    const results = await Promise.allSettled([log.sync(1), running]);

    expect(results).toMatchObject([{ reason: failed }, { reason: failed }]);
    await expect(log.sync(0)).rejects.toMatchObject(failed);
    await log.close();
  });

  test("on this thread fails the one that runs on the other thread as well", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("log");
    writeFileSync(path, "x");
    const clock = new Clock();
    const log = new LogSync(fileFor(path, [], clock), path);
    await log.sync();
    log.syncBlocking();

    const running = log.sync();
    rmSync(path);
    clock.skip(2_000);
    const failed = { code: "storage.sync_failed" };
    expect(() => log.syncBlocking()).toThrow(expect.objectContaining(failed));

    await expect(running).rejects.toMatchObject(failed);
    await log.close();
  });

  test("fails its write, and the next write reopens the file and goes on", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    const events: StorageEvent[] = [];
    const clock = new Clock();
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
    const clock = new Clock();
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
    const clock = new Clock();
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
