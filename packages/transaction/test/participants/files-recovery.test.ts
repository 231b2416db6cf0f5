import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { FileStep } from "@atlas/transaction/participants";
import { describe, expect, test, vi } from "vitest";
import { code, openFiles } from "./open-files.ts";

describe("T3: what cannot take effect now waits for recovery", () => {
  /** Fails where a disk would: when a change is about to take effect. */
  const failing = (): { readonly fail: (step: FileStep) => void; broken: boolean } => {
    const state = {
      broken: false,
      fail: (step: FileStep) => {
        if (state.broken && step.step === "committed") throw new Error("EIO");
      },
    };
    return state;
  };

  test("later transactions build on it and wait with it, others go on, and all is finished", async () => {
    const disk = failing();
    await using setup = await openFiles({ onStep: (step) => disk.fail(step) });
    const { files } = setup;
    setup.put("a", "0");

    disk.broken = true;
    await expect(files.write("a", "1")).rejects.toMatchObject(code("apply_pending"));
    disk.broken = false;
    const append = setup.manager.atomic(async () =>
      files.write("a", `${await files.readText("a")}2`),
    );
    await expect(append).rejects.toMatchObject({
      ...code("apply_pending"),
      cause: code("apply_pending"),
    });
    await files.write("b", "b");

    expect([setup.text("a"), setup.text("b")]).toEqual(["0", "b"]);
    const report = await files.recover();
    const nothing = { rolledBack: 0, resumed: 0, waiting: 0, conflicts: 0, notes: [] };
    expect(report).toEqual({ rolledForward: 2, ...nothing });
    expect([setup.text("a"), setup.names(), await setup.journal()]).toEqual(["12", ["a", "b"], 0]);
    expect(await files.recover()).toMatchObject({ rolledForward: 0, rolledBack: 0, notes: [] });
  });

  test("recovery that fails says so and can be called again", async () => {
    const disk = failing();
    await using setup = await openFiles({ onStep: (step) => disk.fail(step) });
    disk.broken = true;
    await expect(setup.files.write("d/a", "1")).rejects.toMatchObject(code("apply_pending"));
    disk.broken = false;
    renameSync(join(setup.root, "d"), join(setup.root, "e"));
    symlinkSync("e", join(setup.root, "d"));

    const first = await setup.files.recover();
    rmSync(join(setup.root, "d"));
    renameSync(join(setup.root, "e"), join(setup.root, "d"));
    const second = await setup.files.recover();

    expect(first).toMatchObject({ rolledForward: 0, waiting: 1, conflicts: 0 });
    expect(first.notes).toEqual([expect.stringMatching(/^d\/a: .*file_path_refused/)]);
    expect(second).toMatchObject({ rolledForward: 1, notes: [] });
    expect(setup.text("d/a")).toBe("1");
  });

  test.each([
    ["was made", true],
    ["was not made", false],
  ])("after an unknown outcome recovery finds out that the commit %s", async (_, made) => {
    await using setup = await openFiles();
    const { files, control } = setup;
    setup.put("a", "0");
    control.beforeSync = () => {
      delete control.beforeSync;
      throw new Error("EIO");
    };

    await expect(files.write("a", "1")).rejects.toMatchObject(code("outcome_unknown"));
    await expect(files.read("a")).resolves.toEqual(Buffer.from("0"));
    await expect(files.write("a", "2")).rejects.toMatchObject(code("outcome_unknown"));
    // What the log lost with the power is gone from the journal too.
    if (!made) await setup.manager.connection.execute("DELETE FROM atlas_file_journal");
    const report = await files.recover();

    expect(report).toMatchObject({ rolledForward: made ? 1 : 0, rolledBack: made ? 0 : 1 });
    expect([setup.text("a"), setup.names()]).toEqual([made ? "1" : "0", ["a"]]);
    await files.write("a", "3");
    expect(setup.text("a")).toBe("3");
  });
});

test.each([
  ["made after all", "afterCommit", "1"],
  ["not made", "beforeCommit", "0"],
] as const)(
  "T3: when COMMIT itself fails on the device, recovery finds out that it was %s",
  async (_, when, left) => {
    await using setup = await openFiles();
    const { files, control } = setup;
    setup.put("a", "0");
    control[when] = () => {
      delete control[when];
      throw new Error("EIO");
    };

    await expect(files.write("a", "1")).rejects.toMatchObject(code("outcome_unknown"));
    await expect(files.read("a")).resolves.toEqual(Buffer.from("0"));
    await files.recover();

    expect([setup.text("a"), setup.names(), await setup.journal()]).toEqual([left, ["a"], 0]);
    expect(setup.manager.statistics()).toMatchObject({ unknown: 1 });
  },
);

describe("limits and refusals of a file store", () => {
  test("a transaction changes so many files and bytes and no more", async () => {
    await using setup = await openFiles({ filesMax: 2, bytesMax: 10 });
    const { manager, files } = setup;

    const manyFiles = manager.atomic(async () => {
      for (const name of ["a", "b", "c"]) await files.write(name, "1");
    });
    await expect(manyFiles).rejects.toMatchObject(code("participant_full"));
    await expect(files.write("a", "x".repeat(11))).rejects.toMatchObject(code("participant_full"));
    await manager.atomic(async () => {
      for (const name of ["a", "b", "a"]) await files.write(name, "123");
    });

    expect(setup.names()).toEqual(["a", "b"]);
  });

  test("what is staged again and again is bounded as well", async () => {
    await using setup = await openFiles({ filesMax: 1 });
    const writing = (times: number): Promise<void> =>
      setup.manager.atomic(async () => {
        for (let number = 0; number < times; number += 1) await setup.files.write("a", "");
      });

    await writing(10);
    await expect(writing(11)).rejects.toMatchObject(code("participant_full"));

    expect(setup.names()).toEqual(["a"]);
  });

  test("options are checked, what is missing is told, and a closed store is closed", async () => {
    await using setup = await openFiles();
    const { files } = setup;

    await expect(openFiles({ filesMax: 0 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
    await expect(files.move("none", "a")).rejects.toMatchObject(code("file_missing"));
    await setup.manager.atomic(async () => {
      await expect(files.recover()).rejects.toMatchObject(code("already_active"));
    });
    await files.close();
    await files.close();
    await expect(files.read("a")).rejects.toMatchObject(code("file_store_closed"));
    await expect(files.recover()).rejects.toMatchObject(code("file_store_closed"));
  });

  test("a program, which never waits, cannot change files", async () => {
    await using setup = await openFiles();
    let writing: Promise<void> | undefined;

    const program = setup.manager.program(() => {
      writing = setup.files.write("a", "a");
      writing.catch(() => undefined);
    });
    await program;

    await expect(writing).rejects.toMatchObject(code("participant_waits"));
    expect(setup.names()).toEqual([]);
  });

  test("a write that nobody awaited is dropped", async () => {
    await using setup = await openFiles();
    let late: Promise<void> | undefined;

    await setup.manager.atomic(async (tx) => {
      await tx.execute("SELECT 1");
      const nested = setup.manager.atomic(() => {
        late = setup.files.write("late", "late");
        late.catch(() => undefined);
      });
      await nested;
    });

    await expect(late).rejects.toMatchObject(code("closed"));
    expect(setup.names()).toEqual([]);
  });

  test("a write that comes while the transaction is being committed is dropped", async () => {
    let late: Promise<void> | undefined;
    await using setup = await openFiles({
      onStep: async ({ step }) => {
        if (step !== "prepared") return;
        late = setup.files.write("late", "late");
        await late.catch(() => undefined);
      },
    });

    await setup.files.write("a", "a");

    await expect(late).rejects.toMatchObject(code("closed"));
    expect(setup.names()).toEqual(["a"]);
  });

  test("a journal that could not be shortened is shortened by recovery", async () => {
    await using setup = await openFiles();
    let commits = 0;
    setup.control.beforeCommit = () => {
      commits += 1;
      if (commits === 2) throw new Error("EIO");
    };

    await setup.files.write("d/gone", "gone");
    await vi.waitFor(() =>
      expect(setup.events.map(({ type }) => type)).toEqual(["files.forget_failed"]),
    );
    // Everything has taken effect, so what becomes of it now is nobody's conflict.
    rmSync(join(setup.root, "d"), { recursive: true });
    const report = await setup.files.recover();

    expect([report.notes, await setup.journal()]).toEqual([[], 0]);
    expect(setup.names()).toEqual([]);
  });
});
