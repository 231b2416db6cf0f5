/**
 * What callers meet when the disk or another program fails them. Each fault is
 * real: the error has a code, what was acknowledged is there, and service
 * resumes. Damaged files are in `faults-damage.test.ts`.
 */
import { copyFileSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { AtlasError } from "@atlas/errors";
import { count, type Database, from } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { addCounter, counters, openCounters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";
import { faultyDisk } from "../fixtures/files-faulty-disk.ts";
import { mountedOver, smallDisk } from "../fixtures/files-small-disk.ts";

const files = createFileManager();
const total = from(counters).select({ n: count() }).build();
const busy = { code: "storage.busy", retryable: true, txState: "none" };

/** Adds one row. */
const add = (database: Database, number: number): Promise<unknown> =>
  database.write((connection) =>
    connection.run(addCounter, { writer: "later", number, text: "x".repeat(100) }),
  );

describe("D8: a full disk", () => {
  test("refuses the write that met it, loses none before, and takes the next once there is space", async (context) => {
    using directory = temporaryDirectory();
    using disk = smallDisk(directory.path, 4);
    if (disk === undefined) return context.skip("a disk cannot be mounted here");
    await using database = await openCounters(directory.file("data.db"));
    let acknowledged = 0;
    let refusal: unknown;
    while (refusal === undefined) {
      try {
        await add(database, acknowledged);
        acknowledged += 1;
      } catch (error) {
        refusal = error;
      }
    }

    expect(refusal).toMatchObject({ code: "storage.disk_full", txState: "rolledBack" });
    expect(await database.get(total)).toEqual({ n: acknowledged });
    await expect(add(database, acknowledged)).rejects.toMatchObject({ code: "storage.disk_full" });
    disk.remount("size=16m");

    await add(database, acknowledged);
    expect(await database.get(total)).toEqual({ n: acknowledged + 1 });
    expect(await files.checkIntegrity(database)).toMatchObject({ sound: true });
  });

  test("refuses backup, snapshot and restore, and leaves nothing of them", async (context) => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("disk"));
    using disk = smallDisk(directory.file("disk"), 1);
    if (disk === undefined) return context.skip("a disk cannot be mounted here");
    await using database = await openFilled(directory.file("data.db"), 20_000);
    await files.backup(database, directory.file("backup"), { compression: "zstd" });
    const full = { code: "storage.disk_full" };

    await expect(files.backup(database, directory.file("disk/a"))).rejects.toMatchObject(full);
    await expect(files.snapshot(database, directory.file("disk/b"))).rejects.toMatchObject(full);
    await expect(
      files.restore(directory.file("backup"), directory.file("disk/c")),
    ).rejects.toMatchObject(full);

    expect(readdirSync(directory.file("disk"))).toEqual([]);
    disk.remount("size=64m");
    await files.restore(directory.file("backup"), directory.file("disk/c"));
  });
});

test("D8: a read-only disk refuses opening, and opens with everything once it is writable", async (context) => {
  using directory = temporaryDirectory();
  using disk = smallDisk(directory.path, 4);
  if (disk === undefined) return context.skip("a disk cannot be mounted here");
  const path = directory.file("data.db");
  await (await openFilled(path, 100)).close();
  disk.remount("ro");
  await expect(openCounters(path)).rejects.toMatchObject({ code: "storage.readonly" });

  disk.remount("rw");

  await using database = await openCounters(path);
  expect(await database.get(total)).toEqual({ n: 100 });
});

// The kernel turns a disk read-only after an error of the device, under
// whatever is open on it. ext4 can be told to have met one.
test("D8: a disk that becomes read-only under an open database goes on being read", async (context) => {
  using directory = temporaryDirectory();
  using disk = faultyDisk(directory);
  if (disk === undefined) return context.skip("a disk of that kind cannot be mounted here");
  const path = directory.file("disk/data.db");
  {
    await using database = await openCounters(path);
    await add(database, 0);
    disk.fail();

    await expect(add(database, 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^storage\.(io_failed|readonly|sync_failed)$/) as string,
    });
    await expect(add(database, 2)).rejects.toBeInstanceOf(AtlasError);
    expect(await database.get(total)).toEqual({ n: 1 });
  }
  disk.repair();

  await using again = await openCounters(path);
  expect((await again.get(total))!.n).toBeGreaterThanOrEqual(1);
  await add(again, 3);
});

// The same mount becomes read-only and writable again. A log that another
// program put a copy of in its place is what makes the database reopen its files.
test("D8: a disk that was read-only for a while takes writes again without a restart", async (context) => {
  using directory = temporaryDirectory();
  using disk = smallDisk(directory.path, 8);
  if (disk === undefined) return context.skip("a disk cannot be mounted here");
  const path = directory.file("data.db");
  await using database = await openCounters(path);
  await add(database, 0);
  copyFileSync(`${path}-wal`, directory.file("copy"));
  renameSync(directory.file("copy"), `${path}-wal`);
  // The log is compared with its path about once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await expect(add(database, 1)).rejects.toMatchObject({ code: "storage.sync_failed" });
  using mounted = mountedOver(directory.path);
  mounted.remount("bind,ro");

  await expect(add(database, 2)).rejects.toMatchObject({ code: "storage.readonly" });
  await expect(add(database, 3)).rejects.toMatchObject({ code: "storage.readonly" });
  const kept = (await database.get(total))!.n;
  mounted.remount("bind,rw");

  expect(kept).toBeGreaterThanOrEqual(1);
  await add(database, 4);
  expect(await database.get(total)).toEqual({ n: kept + 1 });
});

test("D8: a file whose write lock another program holds is busy until its time is over", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await using database = await openFilled(path, 10);
  await using holder = startChild("files-hold-raw-lock.ts", path, "immediate");
  expect(await holder.line()).toBe("held");

  await expect(database.write(() => undefined, { timeoutMs: 20 })).rejects.toMatchObject(busy);
  const waiting = add(database, 1);
  holder.process.kill("SIGKILL");

  await waiting;
  expect(await database.get(total)).toEqual({ n: 11 });
}, 30_000);

test("D8: a file that another program holds as a whole is busy until its time is over", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await (await openFilled(path, 10)).close();
  await using holder = startChild("files-hold-raw-lock.ts", path, "exclusive");
  expect(await holder.line()).toBe("held");

  await expect(openSqlite(path, { writeTimeoutMs: 20 })).rejects.toMatchObject(busy);
  const opening = openSqlite(path);
  holder.process.kill("SIGKILL");

  await using database = await opening;
  expect(await database.get(total)).toEqual({ n: 10 });
}, 30_000);
