import {
  copyFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { StorageEvent } from "@atlas/storage";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { emitterOf, type DataFile } from "../src/sqlite/data-file.ts";
import { LogSync } from "../src/sqlite/log-sync.ts";
import { sqliteDefaults } from "../src/sqlite/open-options.ts";
import { SkewedClock } from "./fixtures/skewed-clock.ts";

function fileFor(
  path: string,
  events: StorageEvent[] = [],
  clock: Pick<SkewedClock, "now"> = new SkewedClock(),
): DataFile {
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

describe("T1: syncs of one log", () => {
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
    let looks = 0;
    const log = new LogSync(fileFor(path, events, { now: () => (looks += 1) }), path);

    const first = [log.sync(0), log.sync(1)];
    // Each looks at the clock when it begins, and again when it has ended.
    expect(looks).toBe(2);
    const later = [log.sync(1), log.sync(0), log.sync(1)];
    expect(looks).toBe(2);
    await Promise.all([...first, ...later]);

    expect(events.length).toBe(4);
    await log.close();
  });

  test.for([
    ["on this thread", (log: LogSync) => log.syncBlocking()],
    ["by the other lane", (log: LogSync) => log.sync(1)],
  ] as const)(
    "a log that was replaced is not taken for the own one when it is first synced %s",
    async ([, sync]) => {
      using directory = temporaryDirectory();
      const path = directory.file("log");
      const database = directory.file("data.db");
      for (const name of [path, database]) writeFileSync(name, "x");
      const log = new LogSync(fileFor(database), path);
      await log.sync(0);
      writeFileSync(`${path}-other`, "x");
      renameSync(`${path}-other`, path);

      await expect(async () => sync(log)).rejects.toMatchObject({ code: "storage.sync_failed" });
      expect(log.failed).toBe(true);
      await log.close();
    },
  );

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
    const clock = new SkewedClock();
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
    const clock = new SkewedClock();
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
    const clock = new SkewedClock();
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
});
