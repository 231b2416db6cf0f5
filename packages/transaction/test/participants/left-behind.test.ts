/** Whose leftovers recovery may touch: those of processes that have ended. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { createFileStore } from "@atlas/transaction/participants";
import { describe, expect, test } from "vitest";
import { lookAt } from "../../src/participants/file-identity.ts";
import { livenessOf, ownMark } from "../../src/participants/process-mark.ts";

const mark = (change: Partial<Record<"boot" | "namespace" | "pid" | "start", string>>): string => {
  const [boot, namespace, pid, start] = ownMark().split(".") as [string, string, string, string];
  const parts = { boot, namespace, pid, start, ...change };
  return `${parts.boot}.${parts.namespace}.${parts.pid}.${parts.start}`;
};
const endedPid = String(spawnSync(process.execPath, ["--version"]).pid);
const isLinux = existsSync("/proc/self/stat");

describe("T5: whether a process still lives", () => {
  test("this one does, one whose number is free does not", () => {
    expect(livenessOf(ownMark())).toBe("alive");
    expect(livenessOf(mark({ pid: endedPid }))).toBe("dead");
  });

  test.runIf(isLinux)("a number used again, or an earlier boot, is somebody else", () => {
    expect(livenessOf(mark({ start: "1" }))).toBe("dead");
    expect(livenessOf(mark({ boot: "another" }))).toBe("dead");
  });

  test("of another container nobody can say", () => {
    expect(livenessOf(mark({ namespace: "other", pid: endedPid }))).toBe("unknown");
  });
});

describe("T5: what recovery does with the files of others", () => {
  test.each([
    ["an ended process", mark({ pid: endedPid }), 0, "removed"],
    ["a living one", mark({}), 3_600_000, "kept"],
    ["one that cannot be seen, young", mark({ namespace: "other" }), 60_000, "kept"],
    ["one that cannot be seen, old", mark({ namespace: "other" }), 3_600_000, "removed"],
  ])("staged and unlisted, of %s", async (...[, owner, ageMs, fate]) => {
    await using store = await openTemporaryDatabase();
    using directory = temporaryDirectory();
    await using manager = await createTransactionManager(store.database);
    await using files = await createFileStore(manager, store.database, {
      directory: directory.path,
      clock: () => Date.now() + ageMs,
    });
    writeFileSync(directory.file(`.atlas-${owner}.abc-1`), "staged");
    writeFileSync(directory.file(".atlas-notes"), "not staged by a store");

    const report = await files.recover();

    expect(existsSync(directory.file(`.atlas-${owner}.abc-1`))).toBe(fate === "kept");
    expect(report.rolledBack).toBe(fate === "kept" ? 0 : 1);
    expect(existsSync(directory.file(".atlas-notes"))).toBe(true);
  });

  test.each([
    ["an ended process", mark({ pid: endedPid }), 0, 1],
    ["a living one", mark({}), 3_600_000, 0],
    ["one that cannot be seen, at once", mark({ namespace: "other" }), 1_000, 0],
    ["one that cannot be seen, later", mark({ namespace: "other" }), 60_000, 1],
  ])("committed and not applied, of %s", async (...[, owner, ageMs, applied]) => {
    await using store = await openTemporaryDatabase();
    using directory = temporaryDirectory();
    await using manager = await createTransactionManager(store.database);
    await using files = await createFileStore(manager, store.database, {
      directory: directory.path,
      clock: () => 1_000_000 + ageMs,
    });
    const staged = `.atlas-${owner}.abc-1`;
    writeFileSync(directory.file(staged), "theirs");
    await manager.connection.execute(
      "INSERT INTO atlas_file_journal (store, owner, batch, path, kind, staged, created_at) " +
        "VALUES ('files', ?, 'batch', 'a.txt', 'put', ?, 1000000)",
      [`${owner}.abc`, staged],
    );

    const report = await files.recover();

    expect(report).toMatchObject({ rolledForward: applied, notes: { length: 1 - applied } });
    expect(readdirSync(directory.path)).toEqual([applied === 1 ? "a.txt" : staged]);
  });

  test("what is listed is kept until it can be applied, also in a directory with another name", async () => {
    await using store = await openTemporaryDatabase();
    using directory = temporaryDirectory();
    await using manager = await createTransactionManager(store.database);
    await using files = await createFileStore(manager, store.database, {
      directory: directory.path,
    });
    const owner = `${mark({ pid: endedPid })}.abc`;
    mkdirSync(directory.file("renamed"));
    writeFileSync(directory.file(`renamed/.atlas-${owner}-1`), "theirs");
    symlinkSync("renamed", directory.file("d"));
    await manager.connection.execute(
      "INSERT INTO atlas_file_journal (store, owner, batch, path, kind, staged, created_at) " +
        "VALUES ('files', ?, 'batch', 'd/a.txt', 'put', ?, 1)",
      [owner, `d/.atlas-${owner}-1`],
    );

    const first = await files.recover();
    rmSync(directory.file("d"));
    renameSync(directory.file("renamed"), directory.file("d"));
    const second = await files.recover();

    expect(first).toMatchObject({ rolledForward: 0, rolledBack: 0, notes: { length: 1 } });
    expect(second).toMatchObject({ rolledForward: 1, notes: [] });
    expect(readdirSync(directory.file("d"))).toEqual(["a.txt"]);
  });

  test("what was built on a change that cannot take effect waits with it, others do not", async () => {
    await using store = await openTemporaryDatabase();
    using directory = temporaryDirectory();
    await using manager = await createTransactionManager(store.database);
    await using files = await createFileStore(manager, store.database, {
      directory: directory.path,
    });
    const owner = `${mark({ pid: endedPid })}.abc`;
    const stagedName = (number: number): string => `.atlas-${owner}-${number}`;
    const write = async (name: string, text: string): Promise<string> => {
      writeFileSync(directory.file(name), text);
      const seen = await lookAt(directory.file(name), Number.POSITIVE_INFINITY);
      return JSON.stringify(seen?.identity);
    };
    const list = (number: number, path: string, before: string | null): Promise<unknown> =>
      manager.connection.execute(
        "INSERT INTO atlas_file_journal (store, owner, batch, path, kind, staged, before, " +
          "created_at) VALUES ('files', ?, ?, ?, 'put', ?, ?, 1)",
        [owner, `batch ${number}`, path, stagedName(number), before],
      );
    // Each change of a.txt is built on the one before; a directory in place of what is staged
    // stands for a device that fails.
    await list(1, "a.txt", await write("a.txt", "zero"));
    await list(2, "a.txt", await write(stagedName(1), "one"));
    await list(3, "a.txt", await write(stagedName(2), "two"));
    await list(4, "b.txt", null);
    await write(stagedName(3), "three");
    await write(stagedName(4), "b");
    renameSync(directory.file(stagedName(1)), directory.file("aside"));
    mkdirSync(directory.file(stagedName(1)));

    const first = await files.recover();
    const between = readdirSync(directory.path).toSorted();
    rmdirSync(directory.file(stagedName(1)));
    renameSync(directory.file("aside"), directory.file(stagedName(1)));
    const second = await files.recover();

    expect(first).toMatchObject({ rolledForward: 1, rolledBack: 0, notes: { length: 3 } });
    const waiting = [1, 2, 3].map((number) => stagedName(number));
    expect(between).toEqual([...waiting, "a.txt", "aside", "b.txt"]);
    expect(second).toMatchObject({ rolledForward: 3, rolledBack: 0, notes: [] });
    expect(readFileSync(directory.file("a.txt"), "utf8")).toBe("three");
    expect(readdirSync(directory.path).toSorted()).toEqual(["a.txt", "b.txt"]);
  });
});
