/** Changes that an ended process has committed, and that meet what keeps them from taking effect. */
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { recover } from "@atlas/transaction/recovery";
import { describe, expect, test } from "vitest";
import { lookAt } from "../../src/participants/file-identity.ts";
import { ownMark } from "../../src/participants/process-mark.ts";
import { code, openFiles, type OpenFiles } from "./open-files.ts";

const [boot, namespace, , start] = ownMark().split(".");
const ended = String(spawnSync(process.execPath, ["--version"]).pid);
const owner = `${boot}.${namespace}.${ended}.${start}.abc`;

/** A change that the ended process has staged and committed; `before` is what the file held then. */
async function leave(setup: OpenFiles, path: string, before?: string): Promise<string> {
  const staged = join(path, "..", `.atlas-${owner}-${path.replaceAll("/", "").length}`);
  mkdirSync(join(setup.root, path, ".."), { recursive: true });
  if (before !== undefined) setup.put(path, before);
  const seen = await lookAt(join(setup.root, path), Number.POSITIVE_INFINITY);
  setup.put(staged, "committed");
  await setup.manager.connection.execute(
    "INSERT INTO atlas_file_journal (store, owner, batch, path, kind, staged, before, created_at) " +
      "VALUES ('files', ?, ?, ?, 'put', ?, ?, 1)",
    [owner, `batch of ${path}`, path, staged, seen ? JSON.stringify(seen.identity) : null],
  );
  return staged;
}

/** A link on the way stands for whatever keeps a change from taking effect for a while. */
function obstruct(setup: OpenFiles): () => void {
  renameSync(join(setup.root, "d"), join(setup.root, "aside"));
  symlinkSync("aside", join(setup.root, "d"));
  return () => {
    rmSync(join(setup.root, "d"));
    renameSync(join(setup.root, "aside"), join(setup.root, "d"));
  };
}

describe("T3 T5: committed by an ended process, and it cannot take effect now", () => {
  test("it waits, nobody changes the file before it, and it is tried again", async () => {
    await using setup = await openFiles();
    const { files } = setup;
    await leave(setup, "d/a.txt", "old");
    const free = obstruct(setup);

    const first = await recover([files]);
    free();
    const refused = [
      files.write("d/a.txt", "later"),
      files.delete("d/a.txt"),
      files.move("d/a.txt", "b.txt"),
      setup.manager.atomic(() => files.read("d/a.txt")),
    ];
    for (const call of refused)
      await expect(call).rejects.toMatchObject({ ...code("file_pending"), txState: "rolledBack" });
    await files.write("d/other.txt", "goes on");
    expect(await setup.journal()).toBe(1);
    const second = await recover([files]);

    expect(first).toMatchObject({ ok: false, total: { waiting: 1, rolledForward: 0 } });
    expect(first.total.notes).toEqual([expect.stringContaining("d/a.txt: a committed change")]);
    expect(second).toMatchObject({ ok: true, total: { waiting: 0, rolledForward: 1, notes: [] } });
    expect(setup.text("d/a.txt")).toBe("committed");
    await files.write("d/a.txt", "later");
    expect(setup.text("d/a.txt")).toBe("later");
    expect(await files.conflicts()).toEqual([]);
  });
});

test("T5: what another process has finished meanwhile is not waited for any more", async () => {
  await using setup = await openFiles();
  await leave(setup, "d/a.txt", "old");
  const free = obstruct(setup);
  expect((await setup.files.recover()).waiting).toBe(1);
  free();
  // As a recovery in another container does, where nobody sees that this process lives.
  await setup.manager.connection.execute("DELETE FROM atlas_file_journal");

  await expect(setup.files.write("d/a.txt", "later")).rejects.toMatchObject(code("file_pending"));
  await setup.files.recover();
  await setup.files.write("d/a.txt", "later");

  expect(setup.text("d/a.txt")).toBe("later");
});

test("T5: a recovery whose commit is not confirmed leaves nothing to be overwritten", async () => {
  await using setup = await openFiles();
  await leave(setup, "a.txt", "old");
  setup.control.beforeSync = () => {
    delete setup.control.beforeSync;
    throw new Error("EIO");
  };

  await expect(setup.files.recover()).rejects.toMatchObject(code("outcome_unknown"));
  await expect(setup.files.write("a.txt", "later")).rejects.toMatchObject(code("file_pending"));
  const report = await setup.files.recover();

  expect(report).toMatchObject({ rolledForward: 1, waiting: 0, conflicts: 0 });
  expect([setup.text("a.txt"), setup.names()]).toEqual(["committed", ["a.txt"]]);
});

describe("T3 T5: committed by an ended process, and somebody else was there", () => {
  test("both versions stay, the report says so until it is settled, and it can be listed", async () => {
    await using setup = await openFiles({ clock: () => 1_000_000 });
    const { files } = setup;
    await leave(setup, "d/a.txt", "old");
    setup.put("d/a.txt", "theirs");

    const first = await recover([files]);
    const second = await recover([files]);
    const [conflict, ...more] = await files.conflicts();
    const id = conflict?.id ?? -1;
    const keptAs = "d/a.conflict-batch of.txt";

    expect([setup.text("d/a.txt"), setup.text(keptAs)]).toEqual(["theirs", "committed"]);
    expect([conflict, more]).toEqual([
      { id, path: "d/a.txt", kind: "put", keptAs, at: 1_000_000 },
      [],
    ]);
    expect(first).toMatchObject({ ok: true, total: { rolledForward: 1, conflicts: 1 } });
    expect(first.total.notes[0]).toMatch(/d\/a\.txt was changed by somebody else/);
    expect(second.total).toMatchObject({ rolledForward: 0, conflicts: 1, notes: { length: 1 } });
    expect(await files.conflicts({ after: id })).toEqual([]);
    expect(await files.settleConflict(id)).toBe(true);
    expect(await files.settleConflict(id)).toBe(false);
    expect((await recover([files])).total).toMatchObject({ conflicts: 0, notes: [] });
  });

  test.each(["conflict", "applied"])(
    "a recovery that ends after the step %s leaves one conflict and one kept version",
    async (step) => {
      let broken = true;
      await using setup = await openFiles({
        onStep: (now) => {
          if (broken && now.step === step) throw new Error("EIO");
        },
      });
      await leave(setup, "a.txt", "old");
      setup.put("a.txt", "theirs");

      const first = await setup.files.recover();
      broken = false;
      const second = await setup.files.recover();

      expect([first.waiting, first.conflicts]).toEqual([1, 1]);
      expect([second.waiting, second.conflicts, await setup.journal()]).toEqual([0, 1, 0]);
      expect(setup.names()).toEqual(["a.conflict-batch of.txt", "a.txt"]);
      expect(await setup.files.conflicts()).toMatchObject([{ keptAs: "a.conflict-batch of.txt" }]);
    },
  );

  test("what was decided stays so when theirs is gone at the next recovery", async () => {
    let broken = true;
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (broken && step === "conflict") throw new Error("EIO");
      },
    });
    await leave(setup, "a.txt");
    setup.put("a.txt", "theirs");

    await setup.files.recover();
    broken = false;
    rmSync(join(setup.root, "a.txt"));
    await setup.files.recover();

    const keptAs = "a.conflict-batch of.txt";
    expect([setup.names(), setup.text(keptAs)]).toEqual([[keptAs], "committed"]);
    expect(await setup.files.conflicts()).toMatchObject([{ path: "a.txt", keptAs }]);
  });

  test("a directory that was taken away with what is staged in it is a conflict, and loses nothing", async () => {
    await using setup = await openFiles();
    const { files } = setup;
    const staged = await leave(setup, "d/a.txt");
    renameSync(join(setup.root, "d"), join(setup.root, "elsewhere"));

    const first = await files.recover();
    renameSync(join(setup.root, "elsewhere"), join(setup.root, "d"));
    const second = await files.recover();
    const [conflict] = await files.conflicts();
    const kept = setup.text(conflict?.keptAs ?? "");
    await files.settleConflict(conflict?.id ?? -1);
    await files.recover();

    expect([first.conflicts, second.conflicts, conflict?.keptAs]).toEqual([1, 1, staged]);
    expect(kept).toBe("committed");
    expect(setup.names()).toEqual(["d"]);
  });

  test("the same between the commit and the effect of a living process is told to its caller", async () => {
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (step === "committed") renameSync(join(setup.root, "d"), join(setup.root, "elsewhere"));
      },
    });

    const writing = setup.files.write("d/a.txt", "ours");

    await expect(writing).rejects.toMatchObject({
      ...code("apply_pending"),
      cause: code("file_conflict"),
    });
    const [staged = ""] = readdirSync(join(setup.root, "elsewhere"));
    expect(await setup.files.conflicts()).toMatchObject([{ keptAs: `d/${staged}` }]);
    expect(readFileSync(join(setup.root, "elsewhere", staged), "utf8")).toBe("ours");
  });
});

test("T3: what somebody removed from the staged files before the commit is not committed", async () => {
  await using setup = await openFiles();
  setup.put("a.txt", "old");

  const writing = setup.manager.atomic(async () => {
    await setup.files.write("a.txt", "ours");
    for (const name of setup.names())
      if (name.startsWith(".atlas-")) rmSync(join(setup.root, name));
  });

  await expect(writing).rejects.toMatchObject({
    ...code("file_conflict"),
    txState: "rolledBack",
  });
  expect([setup.text("a.txt"), await setup.journal()]).toEqual(["old", 0]);
});

test("T3: notes of a recovery are bounded, and its counts are complete", async () => {
  await using setup = await openFiles();
  for (let number = 0; number < 120; number += 1) {
    const path = `${"x".repeat(number + 1)}.txt`;
    await leave(setup, path, "old");
    writeFileSync(join(setup.root, path), "theirs");
  }

  const report = await setup.files.recover();

  expect([report.rolledForward, report.conflicts]).toEqual([120, 120]);
  expect(report.notes).toHaveLength(102);
  expect(report.notes[100]).toBe("20 more sentences were left out.");
  expect(await setup.files.conflicts()).toHaveLength(100);
});
