import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { count, from } from "@atlas/storage";
import { createFileManager } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { counters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const total = from(counters).select({ n: count() }).build();
const invalid = { code: "storage.backup_invalid" };

/** A file manager on the day given, so that backups have an order. */
const managerOn = (day: number) =>
  createFileManager({ now: () => Date.UTC(2026, 0, day, 12, 0, 0, 0) });

const filesAt = managerOn(1);

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 0x10;
  writeFileSync(path, bytes);
}

describe("D11: a backup is packed, and what is verified is what is stored", () => {
  test.each(["none", "zstd"] as const)("with %s", async (compression) => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 5_000);
    const path = directory.file("copy");

    const report = await filesAt.backup(database, path, { compression, compressionLevel: 5 });

    expect(report).toMatchObject({ path, bytes: statSync(path).size, rows: { counters: 5_000 } });
    expect(report.manifest).toMatchObject({
      format: "atlas-backup",
      database: "data.db",
      file: "copy",
      compression,
      bytes: report.bytes,
      schema: { main: 1 },
      applicationId: 0x41544c53,
      createdAt: "2026-01-01T12:00:00.000Z",
    });
    expect(report.bytes < report.manifest.contentBytes).toBe(compression === "zstd");
    expect(await filesAt.verifyBackup(path)).toEqual(report.manifest);
    await filesAt.restore(path, directory.file("again.db"));
    await using again = await filesAt.open(directory.file("again.db"));
    expect(
      await again.all(
        from(counters).select("number", "text").orderBy("number").limit(9000).build(),
      ),
    ).toEqual(
      await database.all(
        from(counters).select("number", "text").orderBy("number").limit(9000).build(),
      ),
    );
    expect(readdirSync(directory.path).filter((name) => name.includes(".tmp"))).toEqual([]);
  });

  // One bit at many places, in both kinds of files: nothing may pass for whole.
  test.each(["none", "zstd"] as const)(
    "one wrong bit is found anywhere, with %s",
    async (compression) => {
      using directory = temporaryDirectory();
      await using database = await openFilled(directory.file("data.db"), 500);
      const path = directory.file("copy");
      const { bytes } = await filesAt.backup(database, path, { compression });

      for (const part of [0, 0.01, 0.3, 0.5, 0.9, 0.999]) {
        const at = Math.floor(part * bytes);
        flipBit(path, at);
        await expect(filesAt.verifyBackup(path)).rejects.toMatchObject(invalid);
        await expect(filesAt.restore(path, directory.file("again.db"))).rejects.toMatchObject(
          invalid,
        );
        flipBit(path, at);
      }

      expect(await filesAt.verifyBackup(path)).toMatchObject({ bytes });
      expect(readdirSync(directory.path).filter((name) => /again|tmp/.test(name))).toEqual([]);
    },
  );

  test("a file that is too short, too long or another one's is not taken for it", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 500);
    const path = directory.file("copy");
    const { bytes } = await filesAt.backup(database, path, { compression: "zstd" });
    const whole = readFileSync(path);

    for (const spoil of [
      () => truncateSync(path, bytes - 1),
      () => truncateSync(path, 0),
      () => appendFileSync(path, "more"),
      () => writeFileSync(path, Buffer.alloc(bytes, 1)),
    ]) {
      spoil();
      await expect(filesAt.restore(path, directory.file("x.db"))).rejects.toMatchObject(invalid);
      writeFileSync(path, whole);
    }
  });

  test("what the manifest of another backup says is not believed", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 100);
    await filesAt.backup(database, directory.file("a"));
    await filesAt.backup(database, directory.file("b"));
    writeFileSync(directory.file("a.json"), readFileSync(directory.file("b.json")));

    await expect(filesAt.verifyBackup(directory.file("a"))).rejects.toMatchObject(invalid);
  });

  test("a manifest cut off anywhere does not make a backup look whole", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 100);
    const path = directory.file("copy");
    await filesAt.backup(database, path);
    const manifest = readFileSync(`${path}.json`, "utf8");

    for (const text of [
      "",
      manifest.slice(0, 40),
      manifest.slice(0, -3),
      `${manifest}x`,
      manifest.replace('"counters": 100', '"counters": 101'),
      "[]",
      "null",
    ]) {
      writeFileSync(`${path}.json`, text);
      await expect(filesAt.verifyBackup(path)).rejects.toMatchObject(invalid);
      await expect(filesAt.restore(path, directory.file("x.db"))).rejects.toMatchObject(invalid);
      expect(await filesAt.listBackups(directory.path)).toEqual([
        { path, state: "damaged", manifest: undefined },
      ]);
    }
  });

  test("the database itself is no target, also by another name", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const taken = { code: "storage.invalid_path" };

    await expect(
      filesAt.backup(database, directory.file("data.db"), { overwrite: true }),
    ).rejects.toMatchObject(taken);
    await expect(
      filesAt.snapshot(database, directory.file("data.db"), { overwrite: true }),
    ).rejects.toMatchObject(taken);

    expect(await database.get(total)).toEqual({ n: 10 });
  });

  test("options that do not exist are refused", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);

    for (const options of [{ compression: "gzip" }, { compressionLevel: 20 }]) {
      await expect(
        filesAt.backup(database, directory.file("x"), options as object),
      ).rejects.toMatchObject({ code: "configuration.invalid_option" });
    }
  });
});

describe("D11: backups are listed and pruned", () => {
  test("the newest first, each with what is known of it", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    for (const day of [2, 1, 3]) await managerOn(day).backup(database, directory.file(`b${day}`));
    rmSync(directory.file("b1"));
    truncateSync(directory.file("b2"), 100);
    writeFileSync(directory.file("package.json"), "{}");

    const entries = await filesAt.listBackups(directory.path);

    expect(entries.map(({ path, state }) => [path, state])).toEqual([
      [directory.file("b3"), "complete"],
      [directory.file("b2"), "damaged"],
      [directory.file("b1"), "missing"],
    ]);
    await expect(filesAt.listBackups(directory.file("no"))).rejects.toMatchObject({
      code: "storage.file_not_found",
    });
  });

  test("by count and by age, and manifests without a backup go", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    for (const day of [1, 2, 3, 4])
      await managerOn(day).backup(database, directory.file(`b${day}`));

    const byAge = await managerOn(5).pruneBackups(directory.path, { ageMs: 3.5 * 86_400_000 });
    expect(byAge.deleted).toEqual([directory.file("b1")]);
    rmSync(directory.file("b4"));
    const byCount = await managerOn(5).pruneBackups(directory.path, { count: 1 });

    expect(byCount.kept).toEqual([directory.file("b3")]);
    expect(readdirSync(directory.path).filter((name) => name.startsWith("b"))).toEqual([
      "b3",
      "b3.json",
    ]);
  });

  // The newer ones cannot be read: deleting by their count would leave nothing.
  test("the last one that can be read stays, whatever the limits say", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    for (const day of [1, 2, 3, 4])
      await managerOn(day).backup(database, directory.file(`b${day}`));
    flipBit(directory.file("b4"), 5_000);
    flipBit(directory.file("b3"), 5_000);

    const report = await managerOn(300).pruneBackups(directory.path, { count: 1, ageMs: 0 });

    expect(report).toEqual({
      kept: [directory.file("b2")],
      deleted: [directory.file("b1")],
      damaged: [directory.file("b4"), directory.file("b3")],
    });
    expect(await filesAt.verifyBackup(directory.file("b2"))).toBeDefined();
  });

  test("each database for itself", async () => {
    using directory = temporaryDirectory();
    for (const name of ["one.db", "two.db"]) {
      await using database = await openFilled(directory.file(name), 10);
      await filesAt.backup(database, directory.file(`backup-of-${name}`));
    }

    const report = await filesAt.pruneBackups(directory.path, { count: 1 });

    expect(report.kept).toHaveLength(2);
    await expect(filesAt.pruneBackups(directory.path, { count: 0 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
  });
});
