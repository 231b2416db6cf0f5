import {
  type Database,
  defineTable,
  type NoValues,
  type Query,
  type SearchIndexDefinition,
} from "@atlas/storage";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sqliteDialect } from "../src/sqlite/sqlite-dialect.ts";
import { runAll } from "./fixtures/run-all.ts";
import { notes, tasks } from "./fixtures/schema.ts";

const search: SearchIndexDefinition = {
  name: "notes_search",
  table: "notes",
  columns: { body: 2, task: 1 },
};

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
  const findings: unknown[] = [];
  try {
    await database.write(async (connection) => {
      for (const query of sqliteDialect.verifySearchIndex(search)) {
        findings.push(...(await connection.all(query)));
      }
    });
  } catch (error) {
    findings.push((error as { code: string }).code);
  }
  return findings;
}

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

  test("words in quotation marks are a phrase, and nothing else is syntax", () => {
    const text = sqliteDialect.searchText;

    expect(text('buy "an oak" tre*')).toBe('"buy" AND "an oak" AND "tre"*');
    expect(text('"an oak"*')).toBe('"an oak"*');
    expect(text('half "a phrase')).toBe('"half" AND "a" AND "phrase"');
    expect(text("a OR NOT b", search, { match: "any" })).toBe('"a" OR "OR" OR "NOT" OR "b"');
    expect(text("oak", search, { columns: ["body"] })).toBe('{"body"} : ("oak")');
    expect(text("oak", search, { columns: [] })).toBe('""');
    expect(text("** - \0", search)).toBe('""');
  });

  test("an index for substrings looks up three characters and more", () => {
    const pieces = { ...search, substring: true };

    expect(sqliteDialect.searchText("ab abc* 数据库 据库", pieces)).toBe('"abc" AND "数据库"');
    expect(sqliteDialect.searchText("ab", pieces)).toBe('""');
  });

  test("a ranked search checks how it is shown", () => {
    expect(sqliteDialect.rankedSearch(search).order).toBe('"notes_search".rank');
    expect(sqliteDialect.rankedSearch(search, { before: "it's \0" }).snippet).toContain("'it''s '");
    for (const display of [
      { words: 0 },
      { words: 65 },
      { before: "x".repeat(65) },
      { column: "nope" },
      { weights: { nope: 1 } },
      { weights: { body: -1 } },
    ]) {
      expect(() => sqliteDialect.rankedSearch(search, display)).toThrow(
        expect.objectContaining({ code: "storage.query_invalid" }),
      );
    }
    expect(() => sqliteDialect.rankedSearch(search, { words: 64 })).not.toThrow();
    expect(() => sqliteDialect.rankedSearch(search, { before: "x".repeat(64) })).not.toThrow();
  });

  test("what exists of an index is what it consists of, and its words are those of its texts", async () => {
    await using temporary = await openSearch();
    const { database } = temporary;
    const parts = new Map<unknown, unknown>();
    for (const query of sqliteDialect.listSearchIndexParts(search)) {
      for (const { name, sql } of await database.all(query)) parts.set(name, sql);
    }
    using reference = await sqliteDialect.openSearchReference(search);
    const rows = await database.all<{ row: number; task: string; body: string }, NoValues>({
      sql: "select seq as row, task, body from notes",
      params: [],
    });
    const columns = Object.keys(search.columns) as ("task" | "body")[];
    const { words, sizes } = reference.entriesOf(
      rows.map((row) => ({ row: row.row, texts: columns.map((column) => row[column]) })),
    );

    expect([...parts]).toEqual(
      expect.arrayContaining(
        sqliteDialect.searchIndexParts(search, notes).map(({ name, sql }) => [name, sql]),
      ),
    );
    const stored = sqliteDialect.searchWords(search);
    expect(await database.all(stored, { from: "", limit: 100, skip: 0 })).toEqual(words);
    expect(await database.all(stored, { from: words[1]!.word, limit: 1, skip: 1 })).toEqual(
      words.slice(2, 3),
    );
    const range = { after: 0, to: 100 };
    const lengths = await database.all(sqliteDialect.searchSizes(search), range);
    expect(new Map(lengths.map(({ row, size }) => [row, size]))).toEqual(sizes);
    const places = await database.all(sqliteDialect.countSearchPlaces(search), {
      words: JSON.stringify([...words.map(({ word }) => word), "nowhere"]),
    });
    const timesOf = (word: string): number => words.filter((each) => each.word === word).length;
    expect(places).toEqual([...words.map(({ word }) => timesOf(word)), 0]);
    expect(reference.entriesOf([]).words).toEqual([]);
  });

  test.each([
    ["no columns", { ...search, columns: {} }, notes],
    ["an unknown column", { ...search, columns: { nope: 1 } }, notes],
    ["a column that is no text", { ...search, columns: { seq: 1 } }, notes],
    ["a negative weight", { ...search, columns: { body: -1 } }, notes],
    ["a prefix of no length", { ...search, prefix: [0] }, notes],
    ["five prefixes", { ...search, prefix: [1, 2, 3, 4, 5] }, notes],
    ["an unknown stem", { ...search, stem: "latin" }, notes],
    ["prefixes of substrings", { ...search, prefix: [2], substring: true }, notes],
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
