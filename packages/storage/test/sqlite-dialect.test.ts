import { defineTable, insertInto, type NoValues, type RawRow } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { sqliteDialect } from "../src/sqlite/sqlite-dialect.ts";
import { runAll } from "./fixtures/run-all.ts";
import { notes, tasks } from "./fixtures/schema.ts";

describe("D1: the SQL of declared tables", () => {
  test("columns of every type, with their checks and defaults", () => {
    expect(sqliteDialect.createTable(tasks)).toEqual([
      `CREATE TABLE "tasks" (
  "_row" INTEGER PRIMARY KEY,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "parent" TEXT,
  "priority" INTEGER NOT NULL DEFAULT 0,
  "done" INTEGER NOT NULL DEFAULT 0 CHECK ("done" IN (0, 1)),
  "tags" TEXT NOT NULL DEFAULT '[]' CHECK (json_valid("tags")),
  "weight" REAL,
  "picture" BLOB,
  UNIQUE ("id"),
  UNIQUE ("name", "parent")
) STRICT`,
    ]);
    expect(sqliteDialect.createTable(notes)).toEqual([
      `CREATE TABLE "notes" (
  "seq" INTEGER PRIMARY KEY AUTOINCREMENT,
  "task" TEXT NOT NULL,
  "body" TEXT NOT NULL,
  FOREIGN KEY ("task") REFERENCES "tasks" ("id") ON DELETE CASCADE
) STRICT`,
    ]);
  });

  test("a key of several columns over short rows is the table itself", () => {
    const links = defineTable("links", {
      columns: { a: { type: "text" }, b: { type: "text", check: "b <> a" } },
      primaryKey: ["a", "b"],
    });
    const [short] = sqliteDialect.createTable(links);
    const [long] = sqliteDialect.createTable(
      defineTable("pages", {
        columns: { a: { type: "text" }, b: { type: "text" }, content: { type: "json" } },
        primaryKey: ["a", "b"],
      }),
    );

    expect(short).toContain('PRIMARY KEY ("a", "b")\n) STRICT, WITHOUT ROWID');
    expect(short).toContain('"b" TEXT NOT NULL CHECK (b <> a)');
    expect(long).toContain('"_row" INTEGER PRIMARY KEY');
    expect(long).toContain('UNIQUE ("a", "b")\n) STRICT');
  });

  test("defaults of every type are stored as declared, whatever is in them", async () => {
    const table = defineTable("odd", {
      columns: {
        id: { type: "text" },
        quoted: { type: "text", default: `it's "odd"; --` },
        bytes: { type: "blob", default: new Uint8Array([0, 255]) },
        big: { type: "integer", default: 5n },
        half: { type: "real", default: 0.5 },
        yes: { type: "boolean", default: true },
        none: { type: "text", nullable: true, default: null },
      },
      primaryKey: ["id"],
    });
    await using temporary = await openTemporaryDatabase();
    await runAll(temporary.database, sqliteDialect.createTable(table));
    const add = insertInto(table).columns("id").build();

    await temporary.database.write((connection) => connection.run(add, { id: "a" }));

    const sql = "select quoted, hex(bytes) as bytes, big, half, yes, none from odd";
    expect(await temporary.database.get({ sql, params: [] })).toEqual({
      quoted: `it's "odd"; --`,
      bytes: "00FF",
      big: 5,
      half: 0.5,
      yes: 1,
      none: null,
    });
    expect(() =>
      sqliteDialect.createTable(
        defineTable("nul", {
          columns: { id: { type: "text", default: "\0" } },
          primaryKey: ["id"],
        }),
      ),
    ).toThrow(expect.objectContaining({ code: "storage.table_invalid" }));
  });

  test("the integrity check names what refers to nothing, and damage of the file", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    await runAll(database, [
      "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
      "CREATE TABLE children (parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
      "CREATE TABLE checked (n INTEGER CHECK (n > 0))",
    ]);
    const [file, references] = sqliteDialect.integrityCheck() ?? [];

    const orphans = database.write(async (connection) => {
      await connection.execute("INSERT INTO children VALUES (1), (2)");
      const found = await connection.all(references!);
      await connection.execute("DELETE FROM children");
      return found;
    });
    expect(await orphans).toEqual([
      { damage: '2 rows of "children" refer to rows of "parents" that do not exist.' },
    ]);
    await runAll(database, [
      "PRAGMA ignore_check_constraints = ON",
      "INSERT INTO checked VALUES (-1)",
      "PRAGMA ignore_check_constraints = OFF",
    ]);
    const damage = await database.write((connection) => connection.all(file!));
    expect(damage).toEqual([
      { damage: "The check of the file found: CHECK constraint failed in checked." },
    ]);
  });

  test("indexes over columns and expressions, unique and partial, are listed with their SQL", async () => {
    await using temporary = await openTemporaryDatabase();
    const create = sqliteDialect.createIndex({
      name: "tasks_open",
      table: "tasks",
      on: ["priority", { expression: "lower(name)", direction: "desc" }],
      unique: true,
      where: "done = 0",
    });
    await runAll(temporary.database, [...sqliteDialect.createTable(tasks), ...create]);

    expect(create).toEqual([
      'CREATE UNIQUE INDEX "tasks_open" ON "tasks" ("priority", (lower(name)) DESC) WHERE done = 0',
    ]);
    const list = sqliteDialect.listIndexes("tasks");
    expect(await temporary.database.all(list)).toEqual([{ name: "tasks_open", sql: create[0] }]);
    await runAll(temporary.database, sqliteDialect.dropIndex("tasks_open"));
    expect(await temporary.database.all(list)).toEqual([]);
    expect(await temporary.database.get(sqliteDialect.tableExists("tasks"))).toBeDefined();
    expect(await temporary.database.get(sqliteDialect.tableExists("nope"))).toBeUndefined();
  });

  test("the index behind a key is found, where there is one beside the table", async () => {
    const links = defineTable("links", {
      columns: { a: { type: "text" }, b: { type: "text" } },
      primaryKey: ["a", "b"],
      unique: [["b", "a"]],
    });
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;
    for (const table of [tasks, notes, links]) {
      await runAll(database, sqliteDialect.createTable(table));
    }
    const keyIndex = async (table: string, columns: readonly string[]): Promise<unknown> =>
      (await database.get(sqliteDialect.keyIndex(table, columns)))?.["name"];
    const plan = async (source: string): Promise<unknown> => {
      const sql = `EXPLAIN QUERY PLAN SELECT a, b FROM ${source} ORDER BY a, b`;
      return (await database.get<RawRow, NoValues>({ sql, params: [] }))?.["detail"];
    };

    expect(await keyIndex("tasks", ["id"])).toBe("sqlite_autoindex_tasks_1");
    expect(await keyIndex("notes", ["seq"])).toBeUndefined();
    expect(await keyIndex("links", ["a", "b"])).toBeUndefined();
    expect(await database.all(sqliteDialect.primaryKeyColumns("links"))).toEqual([
      { column: "a" },
      { column: "b" },
    ]);
    expect(await plan(sqliteDialect.pastIndexes(links))).toBe("SCAN links");
    expect(sqliteDialect.pastIndexes(tasks)).toBe('"tasks" NOT INDEXED');
    await runAll(database, sqliteDialect.reindex("sqlite_autoindex_tasks_1"));
    expect([tasks, notes, links].map(sqliteDialect.rowNumber)).toEqual(["_row", "seq", undefined]);
  });

  test("any name can be quoted", () => {
    expect(sqliteDialect.quoteIdentifier('a"b')).toBe('"a""b"');
  });
});
