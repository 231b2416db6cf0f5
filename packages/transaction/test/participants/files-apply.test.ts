/** Every state in which a crash can leave one change, planted by hand. */
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { applyChange, type ChangeConflict } from "../../src/participants/apply-change.ts";
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

/** Written down nowhere: `records` has what would be. */
const conflict = (
  records: (string | undefined)[] = [],
  known?: ChangeConflict["known"],
): ChangeConflict => ({
  batch: "batch",
  known,
  record: async ({ keptAs }) => void records.push(keptAs),
});

describe("T3 T5: one change, wherever it was interrupted", () => {
  test("a new file that was linked and whose staged name is still there", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file(".atlas-staged"), "ours");
    linkSync(directory.file(".atlas-staged"), directory.file("a.txt"));

    const applied = await applyChange(directory.path, change("put", undefined), conflict());

    expect(applied).toEqual({ outcome: "applied" });
    expect(existsSync(directory.file(".atlas-staged"))).toBe(false);
    expect(statSync(directory.file("a.txt")).nlink).toBe(1);
  });

  test("a file moved to another of its names, which renaming would leave as they are", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "one");
    linkSync(directory.file("a.txt"), directory.file(".atlas-staged"));
    const before = await seen(directory.file("a.txt"));

    const applied = await applyChange(directory.path, change("put", before), conflict());

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

    const applied = await applyChange(directory.path, change("delete", before), conflict());

    expect(applied).toEqual({ outcome: "applied" });
    expect(existsSync(directory.file(".atlas-staged"))).toBe(false);
  });

  test.each(["put", "delete"] as const)("a %s that is complete is not done again", async (kind) => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "made since");

    const applied = await applyChange(directory.path, change(kind, undefined), conflict());

    expect(applied).toEqual({ outcome: "already" });
    expect(existsSync(directory.file("a.txt"))).toBe(true);
  });
});

describe("T3: one change, and somebody else in between", () => {
  test("a device that has another number since the machine started is still the same one", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "old");
    writeFileSync(directory.file(".atlas-staged"), "ours");
    const before = { ...(await seen(directory.file("a.txt")))!, device: "another" };

    const applied = await applyChange(directory.path, change("put", before), conflict());

    expect(applied).toEqual({ outcome: "applied" });
    expect(readFileSync(directory.file("a.txt"), "utf8")).toBe("ours");
  });

  test("what was renamed over a marker and is not what was to be removed goes back", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "old");
    const before = await seen(directory.file("a.txt"));
    rmSync(directory.file("a.txt"));
    writeFileSync(directory.file(".atlas-staged"), "theirs");
    const records: (string | undefined)[] = [];

    const applied = await applyChange(directory.path, change("delete", before), conflict(records));

    expect([applied, records]).toEqual([{ outcome: "conflict", keptAs: undefined }, [undefined]]);
    expect(readdirSync(directory.path)).toEqual(["a.txt"]);
    expect(readFileSync(directory.file("a.txt"), "utf8")).toBe("theirs");
  });

  test("… and is kept when its place is taken", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("a.txt"), "old");
    const before = await seen(directory.file("a.txt"));
    rmSync(directory.file("a.txt"));
    writeFileSync(directory.file("a.txt"), "theirs as well");
    writeFileSync(directory.file(".atlas-staged"), "theirs");
    const records: (string | undefined)[] = [];

    const applied = await applyChange(directory.path, change("delete", before), conflict(records));

    const keptAs = "a.conflict-batch.txt";
    expect([applied, records]).toEqual([{ outcome: "conflict", keptAs }, [undefined, keptAs]]);
    expect(readFileSync(directory.file(keptAs), "utf8")).toBe("theirs");
    expect(readFileSync(directory.file("a.txt"), "utf8")).toBe("theirs as well");
  });

  test("what is kept replaces nothing, and its name fits however long that of the file is", async () => {
    using directory = temporaryDirectory();
    const long = `${"é".repeat(123)}.txt`;
    for (const name of ["a.txt", "a.conflict-batch.txt", long])
      writeFileSync(directory.file(name), "theirs");
    writeFileSync(directory.file(".atlas-staged"), "ours");
    writeFileSync(directory.file(".atlas-second"), "ours");
    const second = { ...change("put", undefined), path: long, staged: ".atlas-second" };

    await applyChange(directory.path, change("put", undefined), conflict());
    await applyChange(directory.path, second, conflict());

    const texts = readdirSync(directory.path).map((name) => [
      name,
      readFileSync(directory.file(name), "utf8"),
    ]);
    expect(texts.toSorted()).toEqual([
      ["a.conflict-batch-2.txt", "ours"],
      ["a.conflict-batch.txt", "theirs"],
      ["a.txt", "theirs"],
      [expect.stringMatching(/^é{100,}\.conflict-batch\.txt$/), "ours"],
      [long, "theirs"],
    ]);
  });

  test.each(["put", "delete"] as const)(
    "as long as the conflict of a %s cannot be written down, nothing is done",
    async (kind) => {
      using directory = temporaryDirectory();
      writeFileSync(directory.file("a.txt"), "old");
      const before = await seen(directory.file("a.txt"));
      writeFileSync(directory.file("a.txt"), "theirs");
      writeFileSync(directory.file(".atlas-staged"), kind === "put" ? "ours" : "");
      const failing = { ...conflict(), record: () => Promise.reject(new Error("disk full")) };

      const applying = applyChange(directory.path, change(kind, before), failing);

      await expect(applying).rejects.toThrow("disk full");
      expect(readdirSync(directory.path).toSorted()).toEqual([".atlas-staged", "a.txt"]);
    },
  );

  test("a conflict that was decided before a crash is not decided anew", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file(".atlas-staged"), "ours");
    const records: (string | undefined)[] = [];
    const known = { keptAs: "kept.txt" };

    const applied = await applyChange(
      directory.path,
      change("put", undefined),
      conflict(records, known),
    );

    expect([applied, records]).toEqual([{ outcome: "conflict", ...known }, []]);
    expect(readdirSync(directory.path)).toEqual(["kept.txt"]);
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
