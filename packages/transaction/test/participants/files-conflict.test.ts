import {
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { code, openFiles, type OpenFiles } from "./open-files.ts";

describe("T3: a file changed by somebody else is never overwritten", () => {
  const changes: readonly (readonly [string, (setup: OpenFiles) => void])[] = [
    ["changed in place", ({ put }) => put("a.txt", "theirs")],
    ["changed to the same length", ({ put }) => put("a.txt", "mine?")],
    [
      "replaced, with the times of the old one",
      ({ root }) => {
        const { atime, mtime } = statSync(join(root, "a.txt"));
        writeFileSync(join(root, "b.txt"), "mine?");
        utimesSync(join(root, "b.txt"), atime, mtime);
        renameSync(join(root, "b.txt"), join(root, "a.txt"));
      },
    ],
    [
      "changed to the same length, with its time put back",
      ({ root, put }) => {
        const { atime, mtime } = statSync(join(root, "a.txt"));
        put("a.txt", "mine?");
        utimesSync(join(root, "a.txt"), atime, mtime);
      },
    ],
    ["removed", ({ root }) => rmSync(join(root, "a.txt"))],
  ];

  test.each(changes)("before the commit, %s: the transaction fails", async (_, change) => {
    await using setup = await openFiles();
    setup.put("a.txt", "first");
    const now = Math.floor(Date.now() / 1000);
    utimesSync(join(setup.root, "a.txt"), now, now);

    const writing = setup.manager.atomic(async () => {
      await setup.files.write("a.txt", "ours");
      change(setup);
    });

    await expect(writing).rejects.toMatchObject({ ...code("file_conflict"), retryable: true });
    expect(setup.text("a.txt")).not.toBe("ours");
    expect(setup.names().filter((name) => name.startsWith("."))).toEqual([]);
  });

  test.each(changes)("between commit and effect, %s: both are kept", async (how, change) => {
    let armed = true;
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (step === "committed" && armed) change(setup);
        if (step === "committed") armed = false;
      },
    });
    setup.put("a.txt", "first");
    const now = Math.floor(Date.now() / 1000);
    utimesSync(join(setup.root, "a.txt"), now, now);

    const writing = setup.files.write("a.txt", "ours");

    await expect(writing).rejects.toMatchObject({
      ...code("apply_pending"),
      retryable: false,
      details: { committed: true },
      cause: { ...code("file_conflict") },
    });
    const kept = setup.names().find((name) => name.startsWith("a.conflict-")) ?? "";
    expect(setup.text(kept)).toBe("ours");
    expect(setup.text("a.txt")).not.toBe("ours");
    expect(existsSync(join(setup.root, "a.txt"))).toBe(how !== "removed");
    expect(setup.events).toEqual([{ type: "files.conflict", path: "a.txt", keptAs: kept }]);
    await setup.files.write("a.txt", "again");
    expect(setup.text("a.txt")).toBe("again");
  });

  test("a new file that somebody else made meanwhile stays theirs", async () => {
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (step === "committed") setup.put("new", "theirs");
      },
    });

    await expect(setup.files.write("new", "ours")).rejects.toMatchObject(code("apply_pending"));

    expect(setup.text("new")).toBe("theirs");
  });

  test("a file changed by somebody else after the commit is not deleted", async () => {
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (step === "committed") setup.put("a", "theirs");
      },
    });
    setup.put("a", "first");

    await expect(setup.files.delete("a")).rejects.toMatchObject(code("apply_pending"));

    expect([setup.text("a"), setup.names()]).toEqual(["theirs", ["a"]]);
  });

  test("a file that was only read must not change either", async () => {
    await using setup = await openFiles();
    setup.put("a", "first");

    const copying = setup.manager.atomic(async () => {
      const content = (await setup.files.readText("a")) ?? "";
      setup.put("a", "second");
      await setup.files.write("b", content);
    });

    await expect(copying).rejects.toMatchObject(code("file_conflict"));
    expect(setup.names()).toEqual(["a"]);
  });

  test("names that lead to one file do not confuse it", async () => {
    await using setup = await openFiles();
    setup.put("a", "one");
    linkSync(join(setup.root, "a"), join(setup.root, "b"));

    await setup.files.move("a", "b");

    expect([setup.names(), setup.text("b")]).toEqual([["b"], "one"]);
  });
});
