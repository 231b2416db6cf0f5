import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { StorageEvent } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { openBlobs, writeBlob } from "./fixtures/blobs.ts";

const typesOf = (events: readonly StorageEvent[]): readonly string[] =>
  events.map(({ type }) => type);

describe("D6: the log is copied back on another thread", () => {
  test("while it is written, so that it starts again and again at its beginning", async () => {
    await using store = await openBlobs();
    const { database } = store;
    let written = 0;

    while (written < 40_000) {
      await writeBlob(database);
      written += 10;
    }

    // 40,000 pages are 160 MiB.
    expect(database.wal.monitor().checkpoints).toBeGreaterThan(0);
    expect(statSync(store.logPath).size).toBeLessThan(64 * 1024 * 1024);
  });

  test("what is left after the last commit is copied, and the log starts again by itself", async () => {
    await using store = await openBlobs();
    const { wal } = store.database;
    let written = 0;
    for (; wal.monitor().frames < 1_200; written += 1) await writeBlob(store.database);

    // The one frame says again what the page holds already: its writer has synced the beginning.
    await expect
      .poll(() => wal.monitor(), { timeout: 5_000 })
      .toMatchObject({ frames: 1, checkpoints: 2, lastCheckpoint: expect.any(Date) });

    expect(typesOf(store.events)).toContain("checkpointed");
    const count = { sql: "select count(*) as n from blob", params: [] };
    expect(await store.database.get(count)).toEqual({ n: written });
  });

  test("a few commits stay in the log: copying them would make the next one start it again", async () => {
    await using store = await openBlobs();
    await writeBlob(store.database);
    const before = store.database.wal.monitor();

    await sleep(700);

    expect(store.database.wal.monitor()).toEqual(before);
    expect(before).toMatchObject({ framesCopied: 0, checkpoints: 0 });
  });

  test("a checkpoint on request says what it did", async () => {
    await using store = await openBlobs();
    await writeBlob(store.database);
    const before = store.database.wal.monitor();

    const report = await store.database.wal.checkpoint();

    expect(before.frames).toBeGreaterThan(10);
    expect(report).toMatchObject({ frames: before.frames, framesCopied: before.frames });
  });

  test("cleanup cuts the log to nothing, and is refused while somebody reads it", async () => {
    await using store = await openBlobs();
    const { database, logPath } = store;
    const reader = await database.pool.acquire();
    await writeBlob(database);

    await expect(database.wal.cleanup({ timeoutMs: 20 })).rejects.toMatchObject({
      code: "storage.busy",
    });
    database.pool.release(reader);
    await database.wal.cleanup();

    expect(statSync(logPath).size).toBe(0);
    expect(database.wal.monitor()).toMatchObject({ size: 0, frames: 0 });
    await writeBlob(database);
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
    await using store = await openBlobs();
    await writeBlob(store.database);

    const running = store.database.wal.checkpoint();
    await store.database.close();

    expect(await running).toMatchObject({ durationMs: expect.any(Number) });
  });
});

describe("D6: who holds the log back", () => {
  test("is named", async () => {
    await using store = await openBlobs();
    using reader = await store.database.pool.acquire();

    expect(store.database.wal.monitor().oldestReader).toEqual({
      id: reader.id,
      heldMs: expect.any(Number),
    });
  });

  test("is reported when the log has grown, and may go on below the limit", async () => {
    let late = 0;
    await using store = await openBlobs({ clock: () => performance.now() + late });
    const { database, events } = store;
    const reader = await database.pool.acquire();
    late = 2_000;

    for (let n = 0; n < 3_000 && !typesOf(events).includes("wal_held_back"); n += 1)
      await writeBlob(database);

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
      await using store = await openBlobs({ walLimitBytes, snapshotGraceMs });
      const { database, events } = store;
      const reader = await database.pool.acquire();
      const scan = database
        .scan({ sql: "select 1 union all select 2", params: [] }, { chunkRows: 1 })
        [Symbol.asyncIterator]();
      await scan.next();
      let largest = 0;

      for (let written = 0; written < 20_000; written += 10) {
        await writeBlob(database);
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
    await using store = await openBlobs({ walLimitBytes });
    const { database, logPath } = store;
    const frameBytes = 4_096 + 24;
    const share = (): number => (database.wal.monitor().frames * frameBytes) / walLimitBytes;
    const writeTo = async (wanted: number): Promise<void> => {
      while (share() < wanted) await writeBlob(database);
    };
    await writeBlob(database);
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
    await writeBlob(database);
    other[Symbol.dispose]();
    const { frames, framesCopied } = database.wal.monitor();
    expect(frames - framesCopied).toBeLessThan(30);

    for (let n = 0; n < 200; n += 1) await writeBlob(database);

    expect(statSync(logPath).size).toBeLessThan(walLimitBytes);
  });
});
