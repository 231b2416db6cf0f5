import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type Database } from "@atlas/storage";
import {
  type BackupEvent,
  type BackupFiles,
  type BackupSchedule,
  type BackupScheduleOptions,
  createBackupSchedule,
} from "@atlas/storage/files";
import { createFileManager } from "@atlas/storage/sqlite";
import { temporaryDirectory, type TemporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test, vi } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { fakeTimers, type FakeTimers } from "../fixtures/files-fake-timers.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const hour = 3_600_000;

interface Started extends AsyncDisposable {
  readonly schedule: BackupSchedule;
  readonly events: BackupEvent[];
  readonly clock: FakeTimers;
  readonly files: BackupFiles;
}

/** A schedule every hour into `backups`, on a clock of its own. */
function start(
  directory: TemporaryDirectory,
  database: Database,
  given: Partial<BackupScheduleOptions> & { readonly clock?: FakeTimers } = {},
): Started {
  const { clock = fakeTimers(Date.UTC(2026, 0, 1)), ...options } = given;
  const { now } = clock;
  const files = createFileManager({ now });
  const events: BackupEvent[] = [];
  mkdirSync(directory.file("backups"), { recursive: true });
  const schedule = createBackupSchedule({
    files,
    database,
    directory: directory.file("backups"),
    everyMs: hour,
    now,
    timers: clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { schedule, events, clock, files, [Symbol.asyncDispose]: () => schedule.stop() };
}

/** Waits until the next backup is planned. */
const planned = ({ schedule }: Started): Promise<void> =>
  vi.waitFor(() => expect(schedule.status.nextAt).toBeDefined(), { timeout: 10_000, interval: 2 });

const typesOf = (events: readonly BackupEvent[]): readonly string[] =>
  events.map(({ type }) => type);

const backupsIn = (directory: TemporaryDirectory): readonly string[] =>
  readdirSync(directory.file("backups")).filter((name) => name.endsWith(".zst"));

/** Lets what is due begin, and waits until the one after it is planned. */
async function pass(started: Started, milliseconds: number): Promise<void> {
  started.clock.advance(milliseconds);
  await vi.waitFor(() => expect(started.schedule.status.running).toBe(false), {
    timeout: 10_000,
    interval: 2,
  });
  await planned(started);
}

describe("D11: backups on a schedule", () => {
  test("are made when they are due, and old ones go after a new one", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    await using started = start(directory, database, { keep: { count: 2 } });
    await planned(started);
    expect(started.clock.nextInMs).toBe(0);

    for (let hours = 0; hours < 4; hours += 1) await pass(started, hours === 0 ? 0 : hour);

    expect(backupsIn(directory)).toEqual([
      "backup-20260101T020000000Z.db.zst",
      "backup-20260101T030000000Z.db.zst",
    ]);
    expect(typesOf(started.events)).toEqual(
      Array.from({ length: 4 }, () => ["backup_started", "backup_completed"]).flat(),
    );
    expect(started.schedule.status).toEqual({
      running: false,
      failures: 0,
      lastSuccessAt: Date.UTC(2026, 0, 1, 3),
      nextAt: Date.UTC(2026, 0, 1, 4),
    });
  });

  test("go on where another run left off", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const clock = fakeTimers(Date.UTC(2026, 0, 1));
    {
      await using first = start(directory, database, { clock });
      await first.schedule.runNow();
    }
    clock.advance(hour / 4);

    await using second = start(directory, database, { clock });
    await planned(second);

    expect(clock.nextInMs).toBe((hour * 3) / 4);
  });

  test("fail, say so, come back sooner, and delete nothing meanwhile", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    await using started = start(directory, database, { keep: { count: 1 }, retryMs: 1_000 });
    await planned(started);
    await pass(started, 0);
    const good = backupsIn(directory);
    // A directory with the name of the next backup stands in its way.
    mkdirSync(directory.file("backups/backup-20260101T010000000Z.db.zst"));

    await pass(started, hour);

    expect(started.events.at(-1)).toMatchObject({
      type: "backup_failed",
      failures: 1,
      error: { code: "storage.file_exists" },
    });
    expect(started.clock.nextInMs).toBe(1_000);
    expect(backupsIn(directory)).toEqual([...good, "backup-20260101T010000000Z.db.zst"]);
    mkdirSync(directory.file("backups/backup-20260101T010001000Z.db.zst"));
    await pass(started, 1_000);
    expect(started.schedule.status.failures).toBe(2);
    expect(started.clock.nextInMs).toBe(2_000);
    await pass(started, 2_000);
    expect(started.schedule.status.failures).toBe(0);
    expect(existsSync(directory.file(`backups/${good[0]}`))).toBe(false);
  });

  test("are never two at once, in this process or another", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    await using started = start(directory, database);
    await planned(started);

    const [one, two] = await Promise.all([started.schedule.runNow(), started.schedule.runNow()]);
    expect(two).toBe(one);
    await using child = startChild("hold-lock.ts", directory.file("backups/.atlas-backups.lock"));
    expect(await child.line()).toBe("held");
    expect(await started.schedule.runNow()).toBeUndefined();

    expect(started.events.at(-1)).toEqual({ type: "backup_skipped" });
    expect(backupsIn(directory)).toHaveLength(1);
    await planned(started);
    expect(started.clock.nextInMs).toBe(60_000);
  }, 30_000);

  test("clear away what a killed process left of its backup", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    await using started = start(directory, database);
    const left = directory.file("backups/.backup-20250101T000000000Z.db.zst.x.tmp");
    writeFileSync(left, "half");

    await started.schedule.runNow();

    expect(existsSync(left)).toBe(false);
  });

  test("a prune that fails leaves the backup a success", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const files = createFileManager();
    const failing = { ...files, pruneBackups: () => Promise.reject(new Error("no")) };
    await using started = start(directory, database, { files: failing });

    expect(await started.schedule.runNow()).toBeDefined();

    expect(typesOf(started.events)).toEqual(["backup_started", "prune_failed", "backup_completed"]);
    expect(started.schedule.status.failures).toBe(0);
  });

  test("stop in the middle of a backup, and stay stopped", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 20_000);
    const started = start(directory, database, {
      onEvent: () => {
        throw new Error("observers may fail");
      },
    });
    const running = started.schedule.runNow();

    await started.schedule.stop();
    await started.schedule.stop();

    const cancelled = { code: "operation.cancelled" };
    await expect(running).rejects.toMatchObject(cancelled);
    await expect(started.schedule.runNow()).rejects.toMatchObject(cancelled);
    expect(started.clock.nextInMs).toBeUndefined();
    const left = readdirSync(directory.file("backups")).filter((name) => !name.endsWith("lock"));
    expect(left).toEqual([]);
  });

  test("a directory that is gone is a failure, and options are checked at the start", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    await using started = start(directory, database);
    await planned(started);
    rmSync(directory.file("backups"), { recursive: true });

    await expect(started.schedule.runNow()).rejects.toMatchObject({ code: "storage.cannot_open" });
    for (const given of [
      { everyMs: 0 },
      { every: 5 },
      { keep: { count: 0 } },
      { keep: { days: 1 } },
    ]) {
      expect(() => start(directory, database, given as object)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^configuration\./) as string }),
      );
    }
  });
});
