import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Database } from "@atlas/storage";
import type { BackupProgress } from "@atlas/storage/files";
import { count, from, insertInto } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "./fixtures/children.ts";
import { addCounter, counters, openCounters } from "./fixtures/counters.ts";
import { notes, tasks } from "./fixtures/schema.ts";

const files = createFileManager();
const total = from(counters).select({ n: count() }).build();

/** A database of some megabytes. */
async function openFilled(path: string, rows = 20_000): Promise<Database> {
  const database = await openCounters(path);
  const filling = Array.from({ length: rows }, (_, number) => ({
    writer: "first",
    number,
    text: "x".repeat(200),
  }));
  await database.write((connection) => connection.runMany(addCounter, filling));
  return database;
}

describe("D9: a backup of a database in use", () => {
  // Another process commits all the time; a copy that began again with each of
  // its commits would never end.
  test("ends while another process writes, and holds one state of the database", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await using database = await openFilled(path);
    await using child = startChild("write-counters.ts", path, "child", "1000000");
    for (let lines = 0; lines < 20; lines += 1) expect(await child.line()).not.toMatch("failed");
    const progress: BackupProgress[] = [];
    const before = (await database.get(total))!.n;

    const report = await files.backup(database, directory.file("copy.db"), {
      pagesPerStep: 64,
      onProgress: (at) => progress.push(at),
    });

    const after = (await database.get(total))!.n;
    expect(after).toBeGreaterThan(before);
    expect(report.rows["counters"]).toBeGreaterThanOrEqual(before);
    expect(report.rows["counters"]).toBeLessThan(after);
    // A child writes two rows per transaction.
    expect(report.rows["counters"]! % 2).toBe(0);
    const done = progress.map(({ pagesDone }) => pagesDone);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(progress.length).toBeGreaterThan(10);
    expect(report.bytes).toBe(statSync(report.path).size);
  }, 60_000);

  test("is one file that opens by itself, with search indexes and references intact", async () => {
    using directory = temporaryDirectory();
    await using temporary = await openTemporaryDatabase({ applicationId: 7 });
    const { database } = temporary;
    const search = { name: "notes_search", table: "notes", columns: { body: 1 } };
    await database.write(async (connection) => {
      const { dialect } = database;
      const statements = [
        ...dialect.createTable(tasks),
        ...dialect.createTable(notes),
        ...dialect.createSearchIndex(search, notes),
      ];
      for (const statement of statements) await connection.execute(statement);
      const task = insertInto(tasks).columns("id", "name").build();
      await connection.run(task, { id: "t1", name: "One" });
      await connection.run(insertInto(notes).build(), { task: "t1", body: "to be found" });
    });

    const { rows } = await files.backup(database, directory.file("copy.db"));

    expect(readdirSync(directory.path)).toEqual(["copy.db", "copy.db.json"]);
    expect(rows).toMatchObject({ tasks: 1, notes: 1 });
    await using copy = await files.open(directory.file("copy.db"), { applicationId: 7 });
    const found = await copy.all({
      sql: `select seq from notes where ${copy.dialect.searchCondition(search, "seq")}`,
      params: [copy.dialect.searchText("found")],
    });
    expect(found).toEqual([{ seq: 1 }]);
  });

  test("works while somebody owns the writer and has a transaction open", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const lease = await database.unsafeTakeWriter();
    await lease.writer.tryBegin();
    await lease.writer.run(addCounter, { writer: "open", number: 0, text: "" });

    const { rows } = await files.backup(database, directory.file("copy.db"));

    expect(rows["counters"]).toBe(10);
    await lease.writer.commit();
    lease.release();
  });

  test("replaces nothing unless it is told to", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const target = directory.file("copy.db");
    writeFileSync(target, "precious");

    await expect(files.backup(database, target)).rejects.toMatchObject({
      code: "storage.file_exists",
    });
    expect(readFileSync(target, "utf8")).toBe("precious");
    await files.backup(database, target, { overwrite: true });

    expect(readFileSync(target, "utf8")).toContain("SQLite format 3");
  });

  test("that is given up or fails leaves nothing behind", async () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("target"));
    await using database = await openFilled(directory.file("data.db"), 5_000);
    const cancelled = new AbortController();

    await expect(
      files.backup(database, directory.file("target/copy.db"), {
        pagesPerStep: 1,
        signal: cancelled.signal,
        onProgress: () => cancelled.abort(),
      }),
    ).rejects.toMatchObject({ code: "operation.cancelled" });
    await expect(files.backup(database, directory.file("nowhere/copy.db"))).rejects.toMatchObject({
      code: "storage.file_not_found",
    });

    expect(readdirSync(directory.file("target"))).toEqual([]);
    expect(await database.get(total)).toEqual({ n: 5_000 });
  });

  test("of a damaged database is refused, and the old backup stays", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 5_000)).close();
    writeFileSync(directory.file("copy.db"), "old");
    // An index that lost an entry: every page is readable, and the content is wrong.
    const handle = new Driver(path);
    handle.exec("create table t (a integer, b integer); create index t_b on t (b)");
    handle.exec("insert into t values (1, 1), (2, 2)");
    handle.unsafeMode(true);
    handle.exec(
      "pragma writable_schema = on; update sqlite_schema set sql = 'create index t_b on t (a + b)' where name = 't_b'",
    );
    handle.close();
    await using database = await openSqlite(path);

    await expect(
      files.backup(database, directory.file("copy.db"), { overwrite: true }),
    ).rejects.toMatchObject({ code: "storage.backup_invalid" });

    expect(readFileSync(directory.file("copy.db"), "utf8")).toBe("old");
    expect(readdirSync(directory.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("takes only databases and options it knows", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const stranger = { ...database, location: "elsewhere" } as Database;

    await expect(files.backup(stranger, directory.file("x.db"))).rejects.toMatchObject({
      code: "storage.cannot_open",
    });
    for (const options of [{ pages: 5 }, { pagesPerStep: 0 }, { pagesPerStep: 100_001 }]) {
      await expect(files.backup(database, directory.file("x.db"), options)).rejects.toMatchObject({
        code: expect.stringMatching(/^configuration\./) as string,
      });
    }
  });
});

describe("D9: a file is replaced as a whole", () => {
  test("with the permissions it had, or its owner's alone", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("state.json");

    await files.atomicWrite(path, "one");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await files.atomicWrite(path, new TextEncoder().encode("two"), { mode: 0o644 });
    await files.atomicWrite(path, "three");

    expect(readFileSync(path, "utf8")).toBe("three");
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(directory.path)).toEqual(["state.json"]);
  });

  test("or not at all", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("inner");
    mkdirSync(path);
    writeFileSync(directory.file("inner/x"), "");

    await expect(files.atomicWrite(path, "data")).rejects.toMatchObject({
      code: "storage.invalid_path",
    });
    await expect(files.atomicWrite(directory.file("no/x"), "data")).rejects.toMatchObject({
      code: "storage.file_not_found",
    });

    expect(readdirSync(directory.path)).toEqual(["inner"]);
  });

  test("temporary names come from the given ids", async () => {
    using directory = temporaryDirectory();
    const manager = createFileManager({ createId: () => "fixed" });
    writeFileSync(directory.file(".state.fixed.tmp"), "in the way");

    await expect(manager.atomicWrite(directory.file("state"), "data")).rejects.toMatchObject({
      code: "storage.file_exists",
    });
  });
});

describe("D9: a lock between processes", () => {
  test("has one holder at a time, also within one process", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("lock");
    const first = await files.lock(path);

    await expect(files.lock(path, { timeoutMs: 5 })).rejects.toMatchObject({
      code: "storage.file_busy",
    });
    const waiting = files.lock(path);
    await first.release();
    await first.release();
    await (await waiting).release();

    await using _ = await files.lock(path);
    expect(existsSync(path)).toBe(true);
  });

  test("ends with its process, however that ends", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("lock");
    await using child = startChild("hold-lock.ts", path);
    expect(await child.line()).toBe("held");

    await expect(files.lock(path, { timeoutMs: 20 })).rejects.toMatchObject({
      code: "storage.file_busy",
    });
    child.process.kill("SIGKILL");
    await child.ended();

    await using lock = await files.lock(path);
    expect(lock.path).toBe(path);
  }, 30_000);

  test("is waited for until the signal says stop", async () => {
    using directory = temporaryDirectory();
    await using _ = await files.lock(directory.file("lock"));
    const cancelled = new AbortController();

    const waiting = files.lock(directory.file("lock"), { signal: cancelled.signal });
    cancelled.abort();

    await expect(waiting).rejects.toMatchObject({ code: "operation.cancelled" });
    await expect(files.lock(directory.file("no/lock"))).rejects.toMatchObject({
      code: "storage.cannot_open",
    });
  });
});

test("D9: the space on a disk is known, and that of no disk is an error", async () => {
  using directory = temporaryDirectory();

  const { freeBytes, totalBytes } = await files.diskSpace(directory.path);

  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  await expect(files.diskSpace(directory.file("no"))).rejects.toMatchObject({
    code: "storage.file_not_found",
  });
});
