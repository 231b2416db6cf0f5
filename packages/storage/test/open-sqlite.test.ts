import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { StorageEvent } from "@atlas/storage";
import { openSqlite, sqliteDefaults } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { startChild } from "./fixtures/children.ts";
import { checkNodeVersion, checkSqliteVersion } from "../src/sqlite/driver.ts";
import { networkFileSystems, refuseNetworkFileSystem } from "../src/sqlite/network-file-system.ts";
import { applyPragmas, pragmas } from "../src/sqlite/pragmas.ts";

const applicationId = 0x41544c53;

function pragma(path: string, name: string): unknown {
  const handle = new Driver(path, { readonly: true });
  try {
    return handle.pragma(name, { simple: true });
  } finally {
    handle.close();
  }
}

describe("D3: opening is verifying", () => {
  test("every setting has a reason and is what it says, on writer and readers", async () => {
    using directory = temporaryDirectory();
    await using database = await openSqlite(directory.file("data.db"));
    const lease = await database.unsafeTakeWriter();

    const read = async (name: string): Promise<readonly unknown[]> => {
      const query = { sql: `pragma ${name}`, params: [] };
      const rows = [await lease.writer.get(query), await database.get(query)];
      return rows.map((row) => Object.values(row ?? {})[0]);
    };

    for (const { name, value, reason, only } of pragmas({
      cacheSizeKib: 16_384,
      checkpoints: "background",
    })) {
      const [onWriter, onReader] = await read(name);
      const shown = { writer: only === "reader" ? value : onWriter, reader: onReader };
      const wanted = { writer: value, reader: only === "writer" ? onReader : value };
      expect([name, shown]).toEqual([name, wanted]);
      expect(reason).toMatch(/\w{3,}.*\.$/);
    }
    lease.release();
  });

  test("the file is in write-ahead mode", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");

    await (await openSqlite(path)).close();

    expect(pragma(path, "journal_mode")).toBe("wal");
  });

  test("a setting that SQLite does not take is refused", () => {
    const handle = new Driver(":memory:");
    const stubborn = Object.assign(Object.create(handle) as Driver.Database, {
      pragma: () => 7,
    });

    expect(() =>
      applyPragmas(stubborn, "writer", { cacheSizeKib: 64, checkpoints: "background" }),
    ).toThrow(expect.objectContaining({ code: "storage.setting_refused" }));
    handle.close();
  });

  test.each(["3.51.3", "3.51.10", "3.54.1", "4.0.0"])("SQLite %s is taken", (version) => {
    expect(() => checkSqliteVersion(version)).not.toThrow();
  });

  test.each(["3.51.2", "3.44.6", "2.9.9"])("SQLite %s is refused", (version) => {
    expect(() => checkSqliteVersion(version)).toThrow(
      expect.objectContaining({ code: "storage.engine_too_old" }),
    );
  });

  test("an old Node is told before the driver is loaded", () => {
    expect(() => checkNodeVersion("22.15.0")).not.toThrow();
    expect(() => checkNodeVersion("24.0.0")).not.toThrow();
    for (const version of ["20.19.0", "22.14.9"]) {
      expect(() => checkNodeVersion(version)).toThrow(
        expect.objectContaining({ code: "storage.runtime_too_old" }),
      );
    }
  });

  test("network file systems are refused, local ones and unknown ones are not", () => {
    for (const number of networkFileSystems.keys()) {
      expect(() => refuseNetworkFileSystem("/x", () => number)).toThrow(
        expect.objectContaining({ code: "storage.network_file_system" }),
      );
    }
    for (const number of [0xef53, 0x01021994, 0x794c7630, undefined]) {
      expect(() => refuseNetworkFileSystem("/x", () => number)).not.toThrow();
    }
    expect(() => refuseNetworkFileSystem("/does/not/exist")).not.toThrow();
  });

  test("events tell of opening and closing, and what an observer throws is ignored", async () => {
    using directory = temporaryDirectory();
    const events: StorageEvent["type"][] = [];

    const database = await openSqlite(directory.file("data.db"), {
      slowQueryMs: 0,
      onEvent: (event) => {
        events.push(event.type);
        throw new Error("no");
      },
    });
    await database.get({ sql: "select 1", params: [] });
    await database.write((connection) => connection.execute("create table t (a text) strict"));
    await database.close();

    expect(events).toEqual([
      "reader_opened",
      "opened",
      "statement_slow",
      "statement_slow",
      "synced",
      "reader_retired",
      "closed",
    ]);
  });
});

describe("D3: paths and options that cannot work", () => {
  test.each(["", ":memory:", " data.db", "data.db ", "a\0b"])(
    "the path %j is refused",
    async (path) => {
      await expect(openSqlite(path)).rejects.toMatchObject({ code: "storage.invalid_path" });
    },
  );

  test("a missing directory, and a directory in place of a file", async () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("inner"));

    await expect(openSqlite(directory.file("no/data.db"))).rejects.toMatchObject({
      code: "storage.file_not_found",
    });
    await expect(openSqlite(directory.file("inner"))).rejects.toMatchObject({
      code: "storage.invalid_path",
    });
  });

  test("a directory that cannot be written to", async () => {
    // Who may write everywhere gets as far as SQLite.
    await expect(openSqlite("/proc/atlas.db")).rejects.toMatchObject({
      code: expect.stringMatching(/^storage\.(cannot_open|permission_denied)$/) as string,
    });
  });

  test("unknown options, values out of range, and both ends of a range", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");

    for (const options of [{ reader: 4 }, { readers: 0 }, { readers: 65 }, { readers: 1.5 }]) {
      await expect(openSqlite(path, options)).rejects.toMatchObject({
        code: expect.stringMatching(/^configuration\./) as string,
      });
    }
    await expect(openSqlite(path, { durability: "none" as "full" })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
    for (const readers of [1, 64]) await (await openSqlite(path, { readers })).close();
    expect(Object.isFrozen(sqliteDefaults)).toBe(true);
    await using database = await openSqlite(path);
    const unknown = { code: "configuration.unknown_option" };
    await expect(database.read(() => 1, { timeoutMs: 5 } as object)).rejects.toMatchObject(unknown);
    await expect(database.write(() => 1, { timeout: 5 } as object)).rejects.toMatchObject(unknown);
  });

  test("a link to a file is followed, log included", async () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("real"));
    const real = directory.file("real/data.db");
    await (await openSqlite(real)).close();
    symlinkSync(real, directory.file("link.db"));

    await using database = await openSqlite(directory.file("link.db"));
    await database.write((connection) => connection.execute("create table t (a text) strict"));

    expect(readFileSync(`${real}-wal`).length).toBeGreaterThan(0);
  });
});

describe("files of other programs are refused and left as they are", () => {
  function foreign(path: string, sql: string): void {
    const handle = new Driver(path);
    handle.exec(sql);
    handle.close();
  }

  test("a file that is no database", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    writeFileSync(path, "This is a letter, and longer than the header of a database. ".repeat(20));
    const before = readFileSync(path);

    await expect(openSqlite(path)).rejects.toMatchObject({ code: "storage.not_a_database" });

    expect(readFileSync(path)).toEqual(before);
  });

  test.each([
    ["another mark", "pragma application_id = 7; create table t (a)"],
    ["no mark, but tables", "create table t (a)"],
    ["another mark and no tables", "pragma application_id = 7; create table t (a); drop table t"],
  ])("a database with %s", async (_, sql) => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    foreign(path, sql);
    const before = readFileSync(path);

    await expect(openSqlite(path, { applicationId })).rejects.toMatchObject({
      code: "storage.foreign_file",
      message: expect.stringContaining(path) as string,
    });

    expect(readFileSync(path)).toEqual(before);
  });

  // A program that was killed leaves a log. Opening and closing its file for
  // writing would copy the log into it.
  test("a database with a log that was not copied yet", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    await startChild("leave-log.ts", path).ended();
    const before = [readFileSync(path), readFileSync(`${path}-wal`)];
    expect(before[1]!.length).toBeGreaterThan(0);

    await expect(openSqlite(path, { applicationId })).rejects.toMatchObject({
      code: "storage.foreign_file",
    });

    expect([readFileSync(path), readFileSync(`${path}-wal`)]).toEqual(before);
  });

  test("an empty file is stamped and is ours from then on", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("data.db");
    writeFileSync(path, "");

    await (await openSqlite(path, { applicationId })).close();

    expect(pragma(path, "application_id")).toBe(applicationId);
    await (await openSqlite(path, { applicationId })).close();
    await expect(openSqlite(path, { applicationId: 7 })).rejects.toMatchObject({
      code: "storage.foreign_file",
    });
  });
});
