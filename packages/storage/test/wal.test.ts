import { open as openFile } from "node:fs/promises";
import { statSync } from "node:fs";
import type { StorageEvent } from "@atlas/storage";
import type { OpenSqliteOptions, SqliteStore } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";

interface Store extends AsyncDisposable {
  readonly database: SqliteStore;
  readonly logPath: string;
  readonly events: StorageEvent[];
}

async function open(options: OpenSqliteOptions = {}): Promise<Store> {
  const events: StorageEvent[] = [];
  const temporary = await openTemporaryDatabase({
    durability: "relaxed",
    onEvent: (event) => events.push(event),
    ...options,
  });
  await temporary.database.write(async (connection) => {
    await connection.execute("create table blob (id integer primary key, bytes blob) strict");
  });
  return {
    database: temporary.database,
    logPath: `${temporary.path}-wal`,
    events,
    [Symbol.asyncDispose]: async () => temporary[Symbol.asyncDispose](),
  };
}

const bytes = new Uint8Array(40_000);

/** One commit of about ten pages. */
const write = (database: SqliteStore): Promise<unknown> =>
  database.write((connection) =>
    connection.execute("insert into blob (bytes) values (?)", [bytes]),
  );

const typesOf = (events: readonly StorageEvent[]): readonly string[] =>
  events.map(({ type }) => type);

describe("D6: the log is copied back on another thread", () => {
  test("while it is written, so that it starts again and again at its beginning", async () => {
    await using store = await open();
    const { database } = store;
    let written = 0;

    while (written < 40_000) {
      await write(database);
      written += 10;
    }

    // 40,000 pages are 160 MiB.
    expect(database.wal.monitor().checkpoints).toBeGreaterThan(0);
    expect(statSync(store.logPath).size).toBeLessThan(64 * 1024 * 1024);
  });

  test("what is left after the last commit is copied without being asked for", async () => {
    await using store = await open();
    await write(store.database);
    expect(store.database.wal.monitor()).toMatchObject({ framesCopied: 0, checkpoints: 0 });

    await expect
      .poll(() => store.database.wal.monitor(), { timeout: 5_000 })
      .toMatchObject({ checkpoints: 1, lastCheckpoint: expect.any(Date) });

    const { frames, framesCopied } = store.database.wal.monitor();
    expect(framesCopied).toBe(frames);
    expect(typesOf(store.events)).toContain("checkpointed");
  });

  test("a checkpoint on request says what it did", async () => {
    await using store = await open();
    await write(store.database);
    const before = store.database.wal.monitor();

    const report = await store.database.wal.checkpoint();

    expect(before.frames).toBeGreaterThan(10);
    expect(report).toMatchObject({ frames: before.frames, framesCopied: before.frames });
  });

  test("cleanup cuts the log to nothing, and is refused while somebody reads it", async () => {
    await using store = await open();
    const { database, logPath } = store;
    const reader = await database.pool.acquire();
    await write(database);

    await expect(database.wal.cleanup({ timeoutMs: 20 })).rejects.toMatchObject({
      code: "storage.busy",
    });
    database.pool.release(reader);
    await database.wal.cleanup();

    expect(statSync(logPath).size).toBe(0);
    expect(database.wal.monitor()).toMatchObject({ size: 0, frames: 0 });
    await write(database);
    expect(database.wal.monitor().frames).toBeGreaterThan(10);
  });

  test("a closed database has no log to look after", async () => {
    const temporary = await openTemporaryDatabase();
    await temporary[Symbol.asyncDispose]();

    await expect(temporary.database.wal.checkpoint()).rejects.toMatchObject({
      code: "storage.closed",
    });
  });

  test("closing waits for a checkpoint that runs", async () => {
    await using store = await open();
    await write(store.database);

    const running = store.database.wal.checkpoint();
    await store.database.close();

    expect(await running).toMatchObject({ durationMs: expect.any(Number) });
  });
});

describe("D6: who holds the log back", () => {
  test("is named", async () => {
    await using store = await open();
    using reader = await store.database.pool.acquire();

    expect(store.database.wal.monitor().oldestReader).toEqual({
      id: reader.id,
      heldMs: expect.any(Number),
    });
  });

  test("is reported when the log has grown, and may go on below the limit", async () => {
    let late = 0;
    await using store = await open({ clock: () => performance.now() + late });
    const { database, events } = store;
    const reader = await database.pool.acquire();
    late = 2_000;

    for (let n = 0; n < 3_000 && !typesOf(events).includes("wal_held_back"); n += 1)
      await write(database);

    expect(events.find(({ type }) => type === "wal_held_back")).toMatchObject({ id: reader.id });
    await expect(
      reader.get({ sql: "select count(*) as n from blob", params: [] }),
    ).resolves.toEqual({ n: 0 });
    database.pool.release(reader);
  });

  test.for([
    [0, 32],
    [3_600_000, 64],
  ] as const)(
    "is ended near the limit with a clear error (grace of %i ms, limit of %i MiB)",
    async ([snapshotGraceMs, limitMib]) => {
      const walLimitBytes = limitMib * 1024 * 1024;
      await using store = await open({ walLimitBytes, snapshotGraceMs });
      const { database, events } = store;
      const reader = await database.pool.acquire();
      const scan = database
        .scan({ sql: "select 1 union all select 2", params: [] }, { chunkRows: 1 })
        [Symbol.asyncIterator]();
      await scan.next();
      let largest = 0;

      for (let written = 0; written < 20_000; written += 10) {
        await write(database);
        if (written % 640 === 0) largest = Math.max(largest, statSync(store.logPath).size);
      }

      expect(largest).toBeLessThan(walLimitBytes);
      await expect(reader.get({ sql: "select 1", params: [] })).rejects.toMatchObject({
        code: "storage.snapshot_expired",
        retryable: true,
      });
      const rest = async (): Promise<void> => {
        while ((await scan.next()).done !== true);
      };
      await expect(rest()).rejects.toMatchObject({ code: "storage.snapshot_expired" });
      expect(
        events.flatMap((event) => (event.type === "snapshot_expired" ? [event.id] : [])),
      ).toEqual([reader.id, "scan-1"]);
      database.pool.release(reader);
      expect(await database.get({ sql: "select 1 as n", params: [] })).toEqual({ n: 1 });
    },
  );
});

describe("D6: near the limit", () => {
  /** Another connection that holds the log back from where it is now. */
  function readElsewhere(logPath: string): Disposable {
    const other = new Driver(logPath.replace(/-wal$/, ""), { readonly: true });
    other.exec("begin; select count(*) from blob");
    return { [Symbol.dispose]: () => void other.close() };
  }

  test("the log starts again although nearly all of it is copied already", async () => {
    const walLimitBytes = 16 * 1024 * 1024;
    await using store = await open({ walLimitBytes });
    const { database, logPath } = store;
    const frameBytes = 4_096 + 24;
    const share = (): number => (database.wal.monitor().frames * frameBytes) / walLimitBytes;
    const writeTo = async (wanted: number): Promise<void> => {
      while (share() < wanted) await write(database);
    };
    await write(database);
    let other = readElsewhere(logPath);
    // Each lets everything before it be copied, and none lets the log start again.
    for (const wanted of [0.5, 0.7, 0.8]) {
      await writeTo(wanted);
      const next = readElsewhere(logPath);
      other[Symbol.dispose]();
      other = next;
      await database.wal.checkpoint();
    }
    // With all of it copied the next write would start the log again by itself.
    await write(database);
    other[Symbol.dispose]();
    const { frames, framesCopied } = database.wal.monitor();
    expect(frames - framesCopied).toBeLessThan(30);

    for (let n = 0; n < 200; n += 1) await write(database);

    expect(statSync(logPath).size).toBeLessThan(walLimitBytes);
  });
});

describe("D6: verify", () => {
  test("finds the log as it was written", async () => {
    await using store = await open();
    for (let i = 0; i < 30; i += 1) await write(store.database);

    const found = await store.database.wal.verify();

    const { frames } = store.database.wal.monitor();
    expect(found).toEqual({ ok: true, frames, validFrames: frames });
    expect(frames).toBeGreaterThan(300);
  });

  test("an empty log is sound", async () => {
    await using store = await open();
    await store.database.wal.cleanup();

    expect(await store.database.wal.verify()).toEqual({ ok: true, frames: 0, validFrames: 0 });
  });

  test("says nothing of a log that nobody could look at", async () => {
    await using store = await open({ readers: 1 });
    const { database } = store;
    using reader = await database.pool.acquire();
    expect(reader.id).toBe("reader-1");

    await database.write(async () => {
      await expect(database.wal.verify()).rejects.toMatchObject({ code: "storage.busy" });
    });
  });

  test("names the first frame that is not what was written", async () => {
    await using store = await open();
    for (let i = 0; i < 5; i += 1) await write(store.database);
    const file = await openFile(store.logPath, "r+");
    const at = 32 + 17 * (24 + 4_096) + 24 + 1_000;
    const [byte] = (await file.read(Buffer.alloc(1), 0, 1, at)).buffer;
    await file.write(Buffer.from([byte! ^ 1]), 0, 1, at);
    await file.close();

    const found = await store.database.wal.verify();

    expect(found).toMatchObject({ ok: false, validFrames: 17 });
  });

  test("is right while the log is written and starts again", async () => {
    await using store = await open();
    let found = 0;
    const writing = (async () => {
      for (let i = 0; i < 600; i += 1) await write(store.database);
    })();

    for (let i = 0; i < 20; i += 1) {
      if ((await store.database.wal.verify()).ok) found += 1;
    }
    await writing;

    expect(found).toBe(20);
  });
});
