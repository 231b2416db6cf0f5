/** Every state in which a crash can leave one change, planted by hand. */
import { existsSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { applyChange } from "../../src/participants/apply-change.ts";
import { type FileIdentity, lookAt } from "../../src/participants/file-identity.ts";
import type { FileChange } from "../../src/participants/file-journal.ts";
import { stageMoved } from "../../src/participants/stage-file.ts";

const seen = async (path: string): Promise<FileIdentity | undefined> =>
  (await lookAt(path, Date.now()))?.identity;
const change = (kind: FileChange["kind"], before: FileIdentity | undefined): FileChange => ({
  path: "a.txt",
  kind,
  staged: ".atlas-staged",
  before,
});

describe("T3 T5: one change, wherever it was interrupted", () => {
  test("a new file that was linked and whose staged name is still there", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file(".atlas-staged"), "ours");
    linkSync(directory.file(".atlas-staged"), directory.file("a.txt"));

    const applied = await applyChange(directory.path, change("put", undefined), "batch");

    expect(applied).toEqual({ outcome: "applied" });
    expect(existsSync(directory.file(".atlas-staged"))).toBe(false);
    expect(statSync(directory.file("a.txt")).nlink).toBe(1);
  });

  test("a file moved to another of its names, which renaming would leave as they are", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "one");
    linkSync(directory.file("a.txt"), directory.file(".atlas-staged"));
    const before = await seen(directory.file("a.txt"));

    const applied = await applyChange(directory.path, change("put", before), "batch");

    expect(applied).toEqual({ outcome: "applied" });
    expect(existsSync(directory.file(".atlas-staged"))).toBe(false);
    expect(statSync(directory.file("a.txt")).nlink).toBe(1);
  });

  test("a deletion whose file is gone and whose marker is still there", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "old");
    const before = await seen(directory.file("a.txt"));
    rmSync(directory.file("a.txt"));
    writeFileSync(directory.file(".atlas-staged"), "");

    const applied = await applyChange(directory.path, change("delete", before), "batch");

    expect(applied).toEqual({ outcome: "applied" });
    expect(existsSync(directory.file(".atlas-staged"))).toBe(false);
  });

  test.each(["put", "delete"] as const)("a %s that is complete is not done again", async (kind) => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "made since");

    const applied = await applyChange(directory.path, change(kind, undefined), "batch");

    expect(applied).toEqual({ outcome: "already" });
    expect(existsSync(directory.file("a.txt"))).toBe(true);
  });
});

/** Another file system than that of temporary directories, where there is one. */
const elsewhere = "/dev/shm";

test.runIf(existsSync(elsewhere))(
  "T3: a file that cannot have a second name there is copied, with its mode and time",
  async () => {
    using directory = temporaryDirectory();
    const other = mkdtempSync(join(elsewhere, "atlas-"));
    try {
      writeFileSync(join(other, "a"), "content", { mode: 0o640 });
      const source = await lookAt(join(other, "a"), Date.now());
      const staged = directory.file("staged");

      await stageMoved(join(other, "a"), staged, source!);

      const [from, to] = [statSync(join(other, "a")), statSync(staged)];
      expect([to.mode, to.uid, to.size]).toEqual([from.mode, from.uid, 7]);
      expect(Math.abs(to.mtimeMs - from.mtimeMs)).toBeLessThan(2);
    } finally {
      rmSync(other, { recursive: true });
    }
  },
);
