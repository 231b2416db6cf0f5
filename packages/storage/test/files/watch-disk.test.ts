import { appendFileSync, existsSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { count, deleteFrom, from } from "@atlas/storage";
import { type DiskStatus, watchDisk } from "@atlas/storage/files";
import { createFileManager } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test, vi } from "vitest";
import { addCounter, counters, openCounters } from "../fixtures/counters.ts";
import { fakeTimers } from "../fixtures/files-fake-timers.ts";
import { smallDisk } from "../fixtures/files-small-disk.ts";

const mebibyte = 1_048_576;

/** Options for a disk of 16 MiB, and the states that were told. */
function watchingOf(path: string) {
  const told: DiskStatus["state"][] = [];
  const tell = ({ state }: DiskStatus): void => void told.push(state);
  const options = {
    path,
    ballastBytes: 4 * mebibyte,
    lowBytes: 3 * mebibyte,
    fullBytes: mebibyte / 2,
    onLow: tell,
    onFull: tell,
    onRecovered: tell,
    timers: fakeTimers(0),
  };
  return { told, options };
}

describe("D8: the ballast", () => {
  test("takes real space, survives a restart, and is completed when it was cut off", async () => {
    using directory = temporaryDirectory();
    const { options } = watchingOf(directory.path);
    const ballast = directory.file(".atlas-ballast");
    {
      await using watch = watchDisk(options);
      expect(await watch.check()).toMatchObject({ state: "enough", ballastBytes: 4 * mebibyte });
    }
    const { size, blocks } = statSync(ballast);
    expect(size).toBe(4 * mebibyte);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    const spoil = [
      () => truncateSync(ballast, mebibyte),
      () => appendFileSync(ballast, Buffer.alloc(mebibyte, 1)),
      // Nothing but a hole.
      () => (truncateSync(ballast, 0), truncateSync(ballast, 4 * mebibyte)),
    ];
    for (const change of spoil) {
      change();
      await using watch = watchDisk(options);
      await watch.check();
      expect(statSync(ballast).size).toBe(4 * mebibyte);
      expect(watch.status?.ballastBytes).toBe(4 * mebibyte);
    }
  });

  test("looks by itself, and says when it cannot", async () => {
    using directory = temporaryDirectory();
    const errors: unknown[] = [];
    const { options } = watchingOf(directory.file("no"));
    await using watch = watchDisk({
      ...options,
      everyMs: 500,
      onError: (error) => {
        errors.push(error);
        throw new Error("observers may fail");
      },
    });

    await vi.waitFor(() => expect(options.timers.nextInMs).toBe(500));
    options.timers.advance(500);
    await vi.waitFor(() => expect(errors).toHaveLength(2));

    expect(errors[0]).toMatchObject({ code: "storage.file_not_found" });
    expect(watch.status).toBeUndefined();
    await watch.stop();
    options.timers.advance(5_000);
    expect(errors).toHaveLength(2);
  });

  test("options that contradict each other are refused", () => {
    for (const given of [{ lowBytes: 5, fullBytes: 6 }, { everyMs: 0 }, { ballast: 1 }]) {
      expect(() => watchDisk({ path: "/tmp", ...(given as object) })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^configuration\./) as string }),
      );
    }
  });

  // A disk that other data fill up, seen from the beginning to the end: SQLite
  // cannot delete a row on it, gets the ballast, deletes, and the ballast is
  // taken again once the other data are gone.
  test("is given up on a full disk, so that cleaning up works, and taken again", async (context) => {
    using directory = temporaryDirectory();
    using disk = smallDisk(directory.path, 16);
    if (disk === undefined) return context.skip("a disk cannot be mounted here");
    const { told, options } = watchingOf(directory.path);
    await using database = await openCounters(directory.file("data.db"));
    await using watch = watchDisk(options);
    expect(await watch.check()).toMatchObject({ state: "enough", totalBytes: 16 * mebibyte });
    const rows = Array.from({ length: 2_000 }, (_, number) => ({
      writer: "w",
      number,
      text: "x".repeat(500),
    }));
    await database.write((connection) => connection.runMany(addCounter, rows));
    expect(watch.status?.state).toBe("enough");

    const fill = async (name: string, leave: number): Promise<void> => {
      const { freeBytes } = await createFileManager().diskSpace(directory.path);
      writeFileSync(directory.file(name), Buffer.alloc(freeBytes - leave));
    };
    await fill("other", 2 * mebibyte);
    await watch.check();
    expect(told).toEqual(["low"]);
    expect(existsSync(directory.file(".atlas-ballast"))).toBe(true);
    await fill("more", 0);
    const clean = deleteFrom(counters).where("number", "gte", 10).build();
    await expect(database.write((connection) => connection.run(clean))).rejects.toMatchObject({
      code: "storage.disk_full",
    });
    expect(await watch.check()).toMatchObject({ state: "full", ballastBytes: 0 });
    expect(told).toEqual(["low", "full"]);

    expect(await database.write((connection) => connection.run(clean))).toEqual({ changes: 1_990 });
    expect(await watch.check()).toMatchObject({ state: "full", ballastBytes: 0 });
    rmSync(directory.file("other"));
    rmSync(directory.file("more"));
    expect(await watch.check()).toMatchObject({ state: "enough", ballastBytes: 4 * mebibyte });

    expect(told).toEqual(["low", "full", "enough"]);
    expect(await database.get(from(counters).select({ n: count() }).build())).toEqual({ n: 10 });
    expect(await watch.releaseBallast()).toBe(true);
    expect(await watch.releaseBallast()).toBe(false);
  });
});
