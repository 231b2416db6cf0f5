import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { code, openFiles } from "./open-files.ts";

describe("T3: files change with the database", () => {
  test("writes, moves and deletions happen together, and until then nobody else sees them", async () => {
    await using setup = await openFiles();
    const { manager, files } = setup;
    setup.put("old.txt", "old");
    setup.put("gone.txt", "gone");

    await manager.atomic(async () => {
      await files.write("deep/er/new.txt", "new");
      await files.move("old.txt", "moved.txt");
      expect(await files.delete("gone.txt")).toBe(true);
      expect(await files.delete("gone.txt")).toBe(false);
      expect(await files.readText("deep/er/new.txt")).toBe("new");
      expect(await files.readText("moved.txt")).toBe("old");
      expect(await files.readText("old.txt")).toBeUndefined();
      expect(await files.readText("gone.txt")).toBeUndefined();
      expect([setup.text("old.txt"), setup.text("gone.txt")]).toEqual(["old", "gone"]);
      expect(setup.text("deep/er/new.txt")).toBeUndefined();
    });

    expect(setup.names()).toEqual(["deep", "deep/er", "deep/er/new.txt", "moved.txt"]);
    expect([setup.text("deep/er/new.txt"), setup.text("moved.txt")]).toEqual(["new", "old"]);
    await files.close();
    expect(await setup.journal()).toBe(0);
  });

  test("a failing body leaves files, directories and the journal as they were", async () => {
    await using setup = await openFiles();
    const { manager, files } = setup;
    setup.put("a.txt", "a");
    const before = statSync(join(setup.root, "a.txt"));

    const failing = manager.atomic(async () => {
      await files.write("a.txt", "changed");
      await files.write("new/b.txt", "b");
      await files.move("a.txt", "c.txt");
      throw new Error("no");
    });

    await expect(failing).rejects.toThrow("no");
    expect(setup.names()).toEqual(["a.txt"]);
    expect(setup.text("a.txt")).toBe("a");
    expect(statSync(join(setup.root, "a.txt")).ino).toBe(before.ino);
    expect(await setup.journal()).toBe(0);
  });

  test("savepoints and nested failures undo the files changed since", async () => {
    await using setup = await openFiles();
    const { manager, files } = setup;

    await manager.atomic(async (tx) => {
      await files.write("a.txt", "1");
      await tx.createSavepoint("here");
      await files.write("a.txt", "2");
      await files.write("b.txt", "2");
      await tx.rollbackTo("here");
      const failing = manager.atomic(async () => {
        await files.delete("a.txt");
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      await manager.atomic(() => files.write("c.txt", "3"));
    });

    expect(setup.names()).toEqual(["a.txt", "c.txt"]);
    expect(setup.text("a.txt")).toBe("1");
  });

  test("two files can change places, and a file can move to where it is", async () => {
    await using setup = await openFiles();
    const { manager, files } = setup;
    setup.put("a", "a");
    setup.put("b", "b");

    await manager.atomic(async () => {
      await files.move("a", "c");
      await files.move("b", "a");
      await files.move("c", "b");
      await files.move("a", "a");
    });
    await manager.atomic(async () => {
      await files.move("a", "x");
      await files.move("x", "a");
    });

    expect([setup.text("a"), setup.text("b"), setup.names()]).toEqual(["b", "a", ["a", "b"]]);
  });

  test("transactions that share a commit build on each other's files", async () => {
    await using setup = await openFiles();
    const { manager, files } = setup;

    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        manager.atomic(async () => {
          const before = (await files.readText("log.txt")) ?? "";
          await files.write("log.txt", `${before}${i},`);
          if (i % 4 === 0) throw new Error("no");
        }),
      ),
    );

    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    expect(setup.text("log.txt")).toBe("1,2,3,5,6,7,9,10,11,");
    expect(setup.names()).toEqual(["log.txt"]);
  });

  test("a call outside a transaction is one of its own, and bytes stay bytes", async () => {
    await using setup = await openFiles();
    const bytes = Uint8Array.of(0, 255, 10);

    const writing = setup.files.write("b.bin", bytes);
    bytes.fill(1);
    await writing;

    expect(await setup.files.read("b.bin")).toEqual(Buffer.of(0, 255, 10));
    expect(await setup.files.read("none")).toBeUndefined();
    await setup.manager.read(async () => {
      expect(await setup.files.read("b.bin")).toHaveLength(3);
      await expect(setup.files.write("x", "")).rejects.toMatchObject(code("readonly"));
    });
    await setup.files.move("b.bin", "c.bin");
    expect(await setup.files.delete("c.bin")).toBe(true);
    expect(setup.names()).toEqual([]);
  });

  test("a replaced file keeps mode and owner; a new one is its owner's alone", async () => {
    await using setup = await openFiles();
    const { files, root } = setup;
    setup.put("kept.sh", "old");
    if (process.getuid?.() === 0) chownSync(join(root, "kept.sh"), 1234, 2345);
    chmodSync(join(root, "kept.sh"), 0o754);
    const before = statSync(join(root, "kept.sh"));

    await files.write("kept.sh", "new");
    await files.write("new.txt", "new");
    await files.move("kept.sh", "moved.sh");

    const after = statSync(join(root, "moved.sh"));
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
    expect(setup.text("moved.sh")).toBe("new");
    expect(statSync(join(root, "new.txt")).mode & 0o777).toBe(0o600);
  });

  test("with files a transaction is durable although it was asked to be relaxed", async () => {
    await using setup = await openFiles();
    setup.control.log.length = 0;

    await setup.manager.atomic(() => setup.files.write("a", "a"), { durability: "relaxed" });

    expect(setup.control.log.slice(0, 3)).toEqual(["commit", "sync begins", "sync ends"]);
  });
});

describe("T3: paths stay inside", () => {
  test.each([
    "",
    "/etc/passwd",
    "../out",
    "a/../../out",
    "a//b",
    "./a",
    "a/",
    "a\\b",
    "C:/a",
    "nul\0",
    ".atlas-x",
    "a/.atlas-x/b",
    "x".repeat(2_000),
  ])("%j is refused", async (path) => {
    await using setup = await openFiles();

    await expect(setup.files.write(path, "x")).rejects.toMatchObject(code("file_path_refused"));
    await expect(setup.files.read(path)).rejects.toMatchObject(code("file_path_refused"));
    await expect(setup.files.move("a", path)).rejects.toMatchObject(code("file_path_refused"));
  });

  test("links are not followed, wherever they lead, and what is no file is refused", async () => {
    await using setup = await openFiles();
    using outside = temporaryDirectory();
    const { files, root } = setup;
    writeFileSync(outside.file("secret"), "secret");
    symlinkSync(outside.path, join(root, "out"));
    symlinkSync(outside.file("secret"), join(root, "link"));
    mkdirSync(join(root, "directory"));
    setup.put("file", "file");

    for (const path of ["out/new", "out/secret", "link", "directory", "file/below"])
      await expect(files.write(path, "x")).rejects.toMatchObject(code("file_path_refused"));
    await expect(files.read("out/secret")).rejects.toMatchObject(code("file_path_refused"));

    expect(readdirSync(outside.path)).toEqual(["secret"]);
    expect(readFileSync(outside.file("secret"), "utf8")).toBe("secret");
  });

  test("a directory that becomes a link before the change takes effect is not followed", async () => {
    await using setup = await openFiles({
      onStep: ({ step }) => {
        if (step !== "committed" || existsSync(join(setup.root, "kept"))) return;
        renameSync(join(setup.root, "d"), join(setup.root, "kept"));
        symlinkSync(join(setup.root, "kept"), join(setup.root, "d"));
      },
    });
    mkdirSync(join(setup.root, "d"));

    const writing = setup.files.write("d/a", "ours");

    await expect(writing).rejects.toMatchObject({
      ...code("apply_pending"),
      cause: code("file_path_refused"),
    });
    expect(existsSync(join(setup.root, "kept", "a"))).toBe(false);
  });
});
