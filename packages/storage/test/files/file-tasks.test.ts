/**
 * The tasks as they run in their thread, called directly: what a thread that
 * was told to stop does, and what a damaged file makes of each.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { temporaryDirectory, type TemporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { backupTask } from "../../src/sqlite/files/backup-task.ts";
import { checkTask } from "../../src/sqlite/files/check-task.ts";
import type { TaskHost } from "../../src/sqlite/files/file-task.ts";
import { snapshotTask } from "../../src/sqlite/files/snapshot-task.ts";
import { unpackTask } from "../../src/sqlite/files/unpack-task.ts";
import { verifyStoredTask } from "../../src/sqlite/files/verify-stored-task.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const host: TaskHost = {
  driver: Driver,
  throwIfCancelled: () => undefined,
  report: () => undefined,
};
const giveUp: TaskHost = {
  ...host,
  throwIfCancelled: () => {
    throw new Error("given up");
  },
};
const busyTimeoutMs = 1_000;

async function backupInput(directory: TemporaryDirectory, name: string) {
  await (await openFilled(directory.file("data.db"), 500)).close();
  return {
    database: directory.file("data.db"),
    copy: directory.file(`${name}.copy`),
    packed: directory.file(name),
    level: 3,
    pagesPerStep: 10,
    busyTimeoutMs,
  };
}

describe("D11: the tasks that work on files", () => {
  test("pack a copy and get the same bytes back, and refuse more than they were promised", async () => {
    using directory = temporaryDirectory();
    const input = await backupInput(directory, "packed");
    const steps: number[] = [];

    const made = await backupTask({ ...host, report: (done) => steps.push(done) }, input);

    expect(made).toMatchObject({ problems: [], different: [], rows: { counters: 500 } });
    expect(steps.length).toBeGreaterThan(2);
    const source = { path: input.packed, compression: "zstd" } as const;
    const read = await verifyStoredTask(host, { source, bytesMax: made.contentBytes });
    expect(read.contentSha256).toBe(made.contentSha256);
    await expect(
      verifyStoredTask(host, { source, bytesMax: made.contentBytes - 1 }),
    ).rejects.toMatchObject({ code: "ZSTD_error_corruption_detected" });
    const copy = directory.file("unpacked");
    const unpacked = await unpackTask(host, { source, copy, bytesMax: made.contentBytes });
    expect(unpacked).toMatchObject({ problems: [], schema: { main: 1 }, rows: made.rows });
    expect(readFileSync(copy).length).toBe(made.contentBytes);
  });

  test("keep a plain copy where it is made", async () => {
    using directory = temporaryDirectory();
    const input = await backupInput(directory, "plain");

    const made = await backupTask(host, { ...input, packed: undefined });

    expect(made.bytes).toBe(made.contentBytes);
    expect(readFileSync(input.copy).length).toBe(made.bytes);
    expect(await snapshotTask(host, { ...input, copy: directory.file("snapshot") })).toMatchObject({
      rows: made.rows,
    });
  });

  test("stop between two pieces when they are told to", async () => {
    using directory = temporaryDirectory();
    const input = await backupInput(directory, "packed");
    await backupTask(host, input);
    const source = { path: input.packed, compression: "zstd" } as const;

    await expect(backupTask(giveUp, { ...input, copy: `${input.copy}2` })).rejects.toThrow(
      "given up",
    );
    await expect(
      unpackTask(giveUp, { source, copy: directory.file("x"), bytesMax: 1e9 }),
    ).rejects.toThrow("given up");
  });

  test("report a damaged database instead of failing on it", async () => {
    using directory = temporaryDirectory();
    const input = await backupInput(directory, "packed");
    const bytes = readFileSync(input.database);
    writeFileSync(input.database, bytes.fill(0xff, 8 * 4_096, 9 * 4_096));

    const found = await checkTask(host, { ...input, mode: "full", findingsMax: 1 });

    expect(found.findings).toHaveLength(1);
    expect(found.findings[0]?.kind).toBe("structure");
  });
});
