import {
  type Database,
  defineTable,
  insertInto,
  type Query,
  type SearchIndexDefinition,
} from "@atlas/storage";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sqliteDialect } from "../src/sqlite/sqlite-dialect.ts";
import { notes, tasks } from "./fixtures/schema.ts";

const search: SearchIndexDefinition = {
  name: "notes_search",
  table: "notes",
  columns: { body: 2, task: 1 },
};

async function runAll(database: Database, statements: readonly string[]): Promise<void> {
  await database.write(async (connection) => {
    for (const statement of statements) await connection.execute(statement);
  });
}

/** Tasks and notes with a search index over the notes. */
async function openSearch(): Promise<TemporaryDatabase> {
  const temporary = await openTemporaryDatabase();
  await runAll(temporary.database, [
    ...sqliteDialect.createTable(tasks),
    ...sqliteDialect.createTable(notes),
    "insert into tasks (id, name) values ('t1', 'One')",
    "insert into notes (task, body) values ('t1', 'was there before')",
    ...sqliteDialect.createSearchIndex(search, notes),
  ]);
  return temporary;
}

async function found(database: Database, typed: string): Promise<readonly unknown[]> {
  const query: Query<{ readonly seq: number }> = {
    sql: `select seq from notes where ${sqliteDialect.searchCondition(search, "seq")} order by seq`,
    params: [sqliteDialect.searchText(typed)],
  };
  const rows = await database.all(query);
  return rows.map(({ seq }) => seq);
}

/** What verifying finds: rows, or the code of the error. */
async function verified(database: Database): Promise<readonly unknown[]> {
  return database.write(async (connection) => {
    const findings: unknown[] = [];
    try {
      for (const query of sqliteDialect.verifySearchIndex(search)) {
        findings.push(...(await connection.all(query)));
      }
    } catch (error) {
      findings.push((error as { code: string }).code);
    }
    return findings;
  });
}

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

  test("any name can be quoted", () => {
    expect(sqliteDialect.quoteIdentifier('a"b')).toBe('"a""b"');
  });
});

describe("I1: full-text search", () => {
  test("finds words whatever their accents and case, what was there before included", async () => {
    await using temporary = await openSearch();
    await runAll(temporary.database, [
      "insert into notes (task, body) values ('t1', 'Ärger mit dem FILE-system')",
    ]);
    const { database } = temporary;

    expect(await found(database, "before")).toEqual([1]);
    expect(await found(database, "arger")).toEqual([2]);
    expect(await found(database, "file system")).toEqual([2]);
    expect(await found(database, "syst*")).toEqual([2]);
    expect(await found(database, "arger before")).toEqual([]);
    expect(await found(database, "t1")).toEqual([1, 2]);
    for (const nothing of ["", "  ", "-- * \"'", "()"]) {
      expect(await found(database, nothing)).toEqual([]);
    }
  });

  test("follows updates, deletes and REPLACE, and verifies", async () => {
    await using temporary = await openSearch();
    const { database } = temporary;
    await runAll(database, [
      "insert into notes (seq, task, body) values (7, 't1', 'old words')",
      "update notes set body = 'new words' where seq = 7",
      "insert or replace into notes (seq, task, body) values (1, 't1', 'replaced')",
      "update notes set seq = 9 where seq = 7",
    ]);

    expect(await found(database, "old")).toEqual([]);
    expect(await found(database, "before")).toEqual([]);
    expect(await found(database, "replaced")).toEqual([1]);
    expect(await found(database, "new")).toEqual([9]);
    expect(await verified(database)).toEqual([]);
    await runAll(database, ["delete from tasks where id = 't1'"]);
    expect(await found(database, "replaced")).toEqual([]);
    expect(await verified(database)).toEqual([]);
  });

  test("verifying finds rows on one side only, and words that differ; rebuilding mends them", async () => {
    await using temporary = await openSearch();
    const { database } = temporary;
    const [inserted, deleted, updated] = ["inserted", "deleted", "updated"].map(
      (event) => `notes_search_${event}`,
    );
    const triggers = await database.all<{ sql: string }, Record<never, never>>({
      sql: "select sql from sqlite_schema where type = 'trigger'",
      params: [],
    });

    await runAll(database, [
      `drop trigger ${inserted}`,
      `drop trigger ${deleted}`,
      `drop trigger ${updated}`,
      "delete from notes where seq = 1",
      "insert into notes (seq, task, body) values (2, 't1', 'unseen')",
    ]);
    expect(await verified(database)).toEqual([
      { row: 2, side: "table" },
      { row: 1, side: "index" },
      "index.corrupt",
    ]);
    await runAll(database, sqliteDialect.rebuildSearchIndex(search));
    expect(await verified(database)).toEqual([]);

    await runAll(database, ["update notes set body = 'otherwise' where seq = 2"]);
    expect(await verified(database)).toEqual(["index.corrupt"]);
    await runAll(database, [
      ...sqliteDialect.rebuildSearchIndex(search),
      ...triggers.map(({ sql }) => sql),
    ]);
    expect(await found(database, "otherwise")).toEqual([2]);
    expect(await verified(database)).toEqual([]);

    await runAll(database, sqliteDialect.dropSearchIndex(search));
    expect(await database.get(sqliteDialect.tableExists("notes_search"))).toBeUndefined();
  });

  test("whatever is typed, searching never fails", async () => {
    await using temporary = await openSearch();
    const { database } = temporary;
    const typed = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc
        .array(
          fc.constantFrom(
            "AND",
            "OR",
            "NOT",
            "NEAR(",
            ")",
            '"',
            "*",
            "^",
            ":",
            "-",
            "body",
            "{",
            "+",
          ),
        )
        .map((parts) => parts.join(" ")),
    );

    await fc.assert(
      fc.asyncProperty(typed, async (text) => {
        await found(database, text);
      }),
      { numRuns: 500 },
    );
    expect(sqliteDialect.searchText("a ".repeat(100)).split(" AND ").length).toBe(32);
  });

  test.each([
    ["no columns", { ...search, columns: {} }, notes],
    ["an unknown column", { ...search, columns: { nope: 1 } }, notes],
    ["a column that is no text", { ...search, columns: { seq: 1 } }, notes],
    ["a negative weight", { ...search, columns: { body: -1 } }, notes],
    [
      "a table without row numbers",
      { name: "s", table: "links", columns: { a: 1 } },
      defineTable("links", {
        columns: { a: { type: "text" }, b: { type: "text" } },
        primaryKey: ["a", "b"],
      }),
    ],
  ])("%s is refused", (_, index, table) => {
    expect(() => sqliteDialect.createSearchIndex(index as SearchIndexDefinition, table)).toThrow(
      expect.objectContaining({ code: "storage.table_invalid" }),
    );
  });
});
