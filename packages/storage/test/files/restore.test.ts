import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { count, from, insertInto } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory, type TemporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { addCounter, counters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const files = createFileManager({ now: () => Date.UTC(2026, 10, 21, 12, 0, 0, 7) });
const total = from(counters).select({ n: count() }).build();
const kept = "replaced-20261121T120000007Z";
const inUse = { code: "storage.file_busy" };

/** A backup with 100 rows at `backup`, and a closed database with 150 at `data.db`. */
async function prepare(directory: TemporaryDirectory): Promise<void> {
  const database = await openFilled(directory.file("data.db"), 100);
  await files.backup(database, directory.file("backup"), { compression: "zstd" });
  await database.write((connection) =>
    connection.runMany(
      addCounter,
      Array.from({ length: 50 }, (_, number) => ({ writer: "later", number, text: "" })),
    ),
  );
  await database.close();
}

async function rowsAt(path: string): Promise<number> {
  await using database = await openSqlite(path);
  return (await database.get(total))!.n;
}

describe("D9: a backup is restored", () => {
  test("and the file that was there is kept, complete", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    chmodSync(path, 0o640);

    const report = await files.restore(directory.file("backup"), path);

    expect(report).toMatchObject({ path, rows: { counters: 100 }, replaced: `${path}.${kept}` });
    expect(report.manifest?.rows).toEqual(report.rows);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory.path).toSorted()).toEqual(
      ["backup", "backup.json", "data.db", `data.db.${kept}`].toSorted(),
    );
    expect(await rowsAt(path)).toBe(100);
    expect(await rowsAt(report.replaced!)).toBe(150);
  });

  test("twice at the same moment, and nothing that was kept is overwritten", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);

    const first = await files.restore(directory.file("backup"), path);
    const second = await files.restore(directory.file("backup"), path);

    expect(second.replaced).toBe(`${first.replaced}-2`);
    expect(await rowsAt(first.replaced!)).toBe(150);
    expect(await rowsAt(second.replaced!)).toBe(100);
  });

  // A process that was killed leaves its log. The changes in it belong to the
  // file that is kept; beside the restored one they would destroy it.
  test("over one whose log was not copied yet, whose changes stay with the kept file", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    await using child = startChild("write-counters.ts", path, "child", "1000000");
    for (let lines = 0; lines < 30; lines += 1) await child.line();
    child.process.kill("SIGKILL");
    await child.ended();
    const acknowledged = Number((await child.lines()).at(-1)) + 1;
    expect(existsSync(`${path}-wal`)).toBe(true);

    const { replaced } = await files.restore(directory.file("backup"), path);

    expect(readdirSync(directory.path).filter((name) => /-(wal|shm|journal)$/.test(name))).toEqual(
      [],
    );
    expect(await rowsAt(path)).toBe(100);
    expect(await rowsAt(replaced!)).toBeGreaterThanOrEqual(150 + acknowledged);
  }, 30_000);

  test("where nothing is, and beside a log that lost its database", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    const handle = new Driver(path);
    handle.pragma("journal_mode = wal");
    handle.exec("create table lost (a)");
    copyFileSync(`${path}-wal`, directory.file("saved"));
    handle.close();
    rmSync(path);
    copyFileSync(directory.file("saved"), `${path}-wal`);

    const { replaced } = await files.restore(directory.file("backup"), path);

    expect(replaced).toBeUndefined();
    expect(await rowsAt(path)).toBe(100);
    expect(existsSync(`${path}.${kept}-wal`)).toBe(true);
  });

  test.each([
    ["a header that is gone", (bytes: Buffer) => bytes.fill(7, 0, 100)],
    ["every page spoilt", (bytes: Buffer) => bytes.fill(7, 200)],
    ["no SQLite at all", (bytes: Buffer) => bytes.fill(7)],
  ])("over a damaged one, with %s", async (_, spoil) => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    const bytes = readFileSync(path);
    spoil(bytes);
    writeFileSync(path, bytes);

    const { replaced } = await files.restore(directory.file("backup"), path);

    expect(await rowsAt(path)).toBe(100);
    expect(statSync(replaced!).size).toBe(bytes.length);
  });

  test("from a plain file or a snapshot without a manifest, after looking into it", async () => {
    using directory = temporaryDirectory();
    await prepare(directory);
    const path = directory.file("data.db");

    const plain = await files.restore(path, directory.file("plain.db"));
    expect(plain).toMatchObject({ rows: { counters: 150 }, manifest: undefined });
    rmSync(directory.file("backup.json"));
    const packed = await files.restore(directory.file("backup"), directory.file("packed.db"));
    expect(packed).toMatchObject({ rows: { counters: 100 }, manifest: undefined });
    const bytes = readFileSync(path);
    writeFileSync(directory.file("broken.db"), bytes.fill(9, 8_192, 20_000));
    writeFileSync(directory.file("empty.db"), "");

    for (const name of ["broken.db", "empty.db"]) {
      await expect(files.restore(directory.file(name), path)).rejects.toMatchObject({
        code: "storage.backup_invalid",
      });
    }
    expect(await rowsAt(path)).toBe(150);
  });
});

describe("D9: a restore is refused, and nothing changes", () => {
  test("while this process has the database open, at once", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    await using database = await openSqlite(path);

    const error: unknown = await files
      .restore(directory.file("backup"), path, { timeoutMs: 60_000 })
      .catch((caught: unknown) => caught);

    expect(error).toMatchObject({ ...inUse, details: { processes: [process.pid] } });
    expect(String(error)).toContain("this process");
    // The refused attempt must not have dropped the locks of the open one.
    await using child = startChild("hold-write-lock.ts", path, "1");
    await child.ended();
    await database.write((connection) =>
      connection.run(insertInto(counters).build(), { writer: "w", number: 1, text: "" }),
    );
    expect(await database.get(total)).toEqual({ n: 151 });
  }, 30_000);

  test("while another process has it open, and done once that one is gone", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    await using child = startChild("files-hold-open.ts", path);
    expect(await child.line()).toBe("open");

    await expect(
      files.restore(directory.file("backup"), path, { timeoutMs: 50 }),
    ).rejects.toMatchObject({ ...inUse, details: { processes: [child.process.pid] } });
    expect(readdirSync(directory.path).filter((name) => /tmp|replaced/.test(name))).toEqual([]);
    const waiting = files.restore(directory.file("backup"), path, { timeoutMs: 30_000 });
    child.process.kill("SIGKILL");

    expect((await waiting).rows).toEqual({ atlas_migrations: 1, counters: 100 });
  }, 60_000);

  // With a header that cannot be read SQLite takes no lock, so the holder is looked for.
  test.skipIf(process.platform !== "linux")(
    "while another process has a database open that was damaged meanwhile",
    async () => {
      using directory = temporaryDirectory();
      const path = directory.file("data.db");
      await prepare(directory);
      await using child = startChild("files-hold-open.ts", path);
      await child.line();
      const handle = new Driver(path);
      handle.close();
      writeFileSync(path, Buffer.alloc(8_192, 7), { flag: "r+" });
      rmSync(`${path}-wal`, { force: true });

      await expect(
        files.restore(directory.file("backup"), path, { timeoutMs: 20 }),
      ).rejects.toMatchObject(inUse);
    },
    30_000,
  );

  test("of another program, of itself, of a database in use, of nothing", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await prepare(directory);
    await using open = await openFilled(directory.file("open.db"), 10);
    const from = (name: string, target: string, options?: object) =>
      files.restore(directory.file(name), directory.file(target), options);

    await expect(from("backup", "x.db", { applicationId: 5 })).rejects.toMatchObject({
      code: "storage.foreign_file",
    });
    await expect(from("data.db", "data.db")).rejects.toMatchObject({
      code: "storage.invalid_path",
    });
    await expect(from("open.db", "x.db")).rejects.toMatchObject({ code: "storage.backup_invalid" });
    await expect(from("no", "x.db")).rejects.toMatchObject({ code: "storage.file_not_found" });
    await expect(from("backup", "no/x.db")).rejects.toMatchObject({
      code: "storage.file_not_found",
    });
    const cancelled = AbortSignal.abort();
    await expect(from("backup", "x.db", { signal: cancelled })).rejects.toMatchObject({
      code: "operation.cancelled",
    });

    expect(existsSync(directory.file("x.db"))).toBe(false);
    expect(await open.get(total)).toEqual({ n: 10 });
    expect(await rowsAt(path)).toBe(150);
  });
});
