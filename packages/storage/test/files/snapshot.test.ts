import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { deleteFrom } from "@atlas/storage";
import { createFileManager, openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "../fixtures/children.ts";
import { counters } from "../fixtures/counters.ts";
import { openFilled } from "../fixtures/files-filled.ts";

const files = createFileManager();

describe("D9: a snapshot", () => {
  test("has one state of a database in use, without the free space in it", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await using database = await openFilled(path, 5_000);
    await database.write((connection) =>
      connection.run(deleteFrom(counters).where("number", "gte", 100).build()),
    );
    await using child = startChild("write-counters.ts", path, "child", "1000000");
    for (let lines = 0; lines < 10; lines += 1) await child.line();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);

    const report = await files.snapshot(database, directory.file("copy.db"));
    clearInterval(timer);

    // A child writes two rows per transaction; the copy has no half of one.
    expect(report.rows["counters"]! % 2).toBe(0);
    expect(report.rows["counters"]).toBeGreaterThan(100);
    expect(report.bytes).toBe(statSync(directory.file("copy.db")).size);
    expect(report.bytes).toBeLessThan(statSync(path).size + 1_000_000);
    expect(turns).toBeGreaterThan(5);
    await using copy = await openSqlite(directory.file("copy.db"), { applicationId: 0x41544c53 });
    expect(copy.location).toBe(report.path);
  }, 30_000);

  test("replaces nothing unless it is told to, and leaves nothing when it is given up", async () => {
    using directory = temporaryDirectory();
    await using database = await openFilled(directory.file("data.db"), 10);
    const target = directory.file("copy.db");
    writeFileSync(target, "precious");

    await expect(files.snapshot(database, target)).rejects.toMatchObject({
      code: "storage.file_exists",
    });
    await expect(
      files.snapshot(database, directory.file("x"), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "operation.cancelled" });
    expect(readFileSync(target, "utf8")).toBe("precious");
    await files.snapshot(database, target, { overwrite: true });

    const left = readdirSync(directory.path).filter((name) => !name.startsWith("data.db"));
    expect(left).toEqual(["copy.db"]);
  });
});

describe("D9: the integrity of a database in use", () => {
  test("is sound, or the findings say what is wrong", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await using database = await openFilled(path, 100);
    expect(await files.checkIntegrity(database)).toMatchObject({
      sound: true,
      findings: [],
      truncated: false,
    });
    await database.write(async (connection) => {
      await connection.execute("create table parents (id integer primary key) strict");
      await connection.execute(
        "create table children (id integer primary key, parent integer references parents (id)) strict",
      );
    });
    const stranger = new Driver(path);
    stranger.pragma("foreign_keys = off");
    for (let id = 1; id <= 5; id += 1) {
      stranger.prepare("insert into children values (?, 77)").run(id);
    }
    stranger.close();

    const report = await files.checkIntegrity(database, { mode: "quick", findingsMax: 3 });

    expect(report).toMatchObject({ sound: false, truncated: true });
    expect(report.findings).toHaveLength(3);
    expect(report.findings[0]).toEqual({
      kind: "reference",
      table: "children",
      row: 1,
      parent: "parents",
    });
  });

  test("finds an index that lost its entries in full mode, and spoilt pages in both", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await (await openFilled(path, 2_000)).close();
    const handle = new Driver(path);
    handle.exec("create table t (a integer, b integer); create index t_b on t (b)");
    handle.exec("insert into t values (1, 1), (2, 2)");
    handle.unsafeMode(true);
    handle.exec(
      "pragma writable_schema = on; update sqlite_schema set sql = 'create index t_b on t (a + b)' where name = 't_b'",
    );
    handle.close();
    {
      await using database = await openSqlite(path);
      expect(await files.checkIntegrity(database, { mode: "quick" })).toMatchObject({
        sound: true,
      });
      expect(await files.checkIntegrity(database)).toMatchObject({ sound: false });
    }
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 40 * 4_096, 60 * 4_096));
    await using damaged = await openSqlite(path);

    const report = await files.checkIntegrity(damaged, { findingsMax: 2 });

    expect(report).toMatchObject({ sound: false, truncated: true });
    expect(report.findings.map(({ kind }) => kind)).toEqual(["structure", "structure"]);
    await expect(files.checkIntegrity(damaged, { findingsMax: 0 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
  });
});
