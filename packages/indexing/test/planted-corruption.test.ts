import { createIndexCoordinator } from "@atlas/indexing";
import {
  forestIndexes,
  forestMade,
  forestTables,
  openForest,
  type Forest,
} from "../src/testing/forest-fixture.ts";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { RawStore } from "./fixtures/raw-store.ts";
import { openTemporaryStore } from "./temporary-store.ts";

/** A forest of two nodes whose search index can be tampered with as only SQLite allows. */
function plant(): Promise<Forest> {
  return openForest({ create: createIndexCoordinator, open: openTemporaryStore });
}

async function run(forest: Forest, ...statements: readonly string[]): Promise<void> {
  await forest.transactions.atomic(async (transaction) => {
    for (const sql of statements) await transaction.execute(sql);
  });
}

/** Past the safeguards that Atlas sets on its own connections. */
function tamper(forest: Forest, script: string): void {
  const handle = new Database(forest.database.location);
  handle.unsafeMode(true);
  handle.exec(script);
  handle.close();
}

async function expectRepair(forest: Forest, name: string): Promise<void> {
  await forest.indexes.rebuild([name]);
  expect(await forest.indexes.verify()).toMatchObject({ ok: true, findings: [] });
}

describe("I3: verify finds what was planted in a SQLite file, and rebuild repairs it", () => {
  it("a row that the search index has lost", async () => {
    await using forest = await plant();
    await forest.addNode("a", { title: "oak" });
    tamper(forest, "DELETE FROM node_search_docsize");

    expect((await forest.indexes.verify()).findings).toMatchObject([
      { index: "node_search", kind: "search", problem: "entries_differ", expected: 1, actual: 0 },
    ]);
    expect(await forest.indexes.count("node_search")).toBe(0);
    await expectRepair(forest, "node_search");
    expect(await forest.indexes.count("node_search")).toBe(1);
  });

  it("a row that only the search index has", async () => {
    await using forest = await plant();
    await forest.addNode("a", { title: "oak" });
    await run(forest, "INSERT INTO node_search (rowid, title, body) VALUES (99, 'ghost', '')");

    expect((await forest.indexes.verify()).findings).toMatchObject([
      { index: "node_search", problem: "entries_differ", expected: 0, actual: 1 },
    ]);
    await expectRepair(forest, "node_search");
  });

  it("a text that was changed behind the back of the search index", async () => {
    await using forest = await plant();
    await forest.addNode("a", { title: "oak" });
    const { rows } = await forest.transactions.connection.execute(
      "SELECT name, sql FROM sqlite_schema WHERE name = 'node_search_updated'",
    );
    await run(
      forest,
      "DROP TRIGGER node_search_updated",
      "UPDATE node SET title = 'elm'",
      String(rows[0]?.["sql"]),
    );

    expect((await forest.indexes.verify()).findings).toMatchObject([
      { index: "node_search", kind: "search", problem: "entries_differ" },
    ]);
    await expectRepair(forest, "node_search");
  });

  it("words of a row that were taken out of the search index", async () => {
    await using forest = await plant();
    await forest.addNode("a", { title: "oak" });
    tamper(forest, "DELETE FROM node_search_data WHERE id > 10");

    expect((await forest.indexes.verify()).ok).toBe(false);
    await expectRepair(forest, "node_search");
  });

  it("a search index whose triggers are gone is complete again after rebuild", async () => {
    await using forest = await plant();
    await run(forest, "DROP TRIGGER node_search_inserted", "DROP TRIGGER node_search_deleted");
    await forest.addNode("a", { title: "oak" });

    expect((await forest.indexes.verify()).findings).toMatchObject([
      { index: "node_search", problem: "upkeep_differs", part: "node_search_inserted" },
      { index: "node_search", problem: "upkeep_differs", part: "node_search_deleted" },
      { index: "node_search", problem: "entries_differ", key: "a" },
    ]);
    await forest.indexes.rebuild();
    await forest.addNode("b", { title: "elm" });
    expect(await forest.indexes.verify()).toMatchObject({ ok: true });
    expect(await forest.indexes.count("node_search")).toBe(2);
  });

  it("a row that an ordinary index has lost", async () => {
    await using forest = await plant();
    await forest.addNode("a");
    // The index is hidden while a row is added, and shown again as if nothing had happened.
    tamper(
      forest,
      `PRAGMA writable_schema = ON;
       CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'node_open';
       DELETE FROM sqlite_schema WHERE name = 'node_open';`,
    );
    tamper(
      forest,
      `PRAGMA writable_schema = ON;
       INSERT INTO node (id, title, body, state) VALUES ('b', 'b', '', 'open');
       INSERT INTO sqlite_schema SELECT * FROM hidden;
       DROP TABLE hidden;`,
    );

    expect((await forest.indexes.verify(["node_open"])).findings).toEqual([
      {
        index: "node_open",
        kind: "secondary",
        problem: "entries_differ",
        key: "b",
        row: 2,
        expected: 1,
        actual: 0,
      },
    ]);
    expect(await forest.indexes.count("node_open")).toBe(1);
    await expectRepair(forest, "node_open");
    expect(await forest.indexes.count("node_open")).toBe(2);
  });

  it("a ledger that was emptied, and one that was dropped", async () => {
    await using forest = await plant();
    await run(forest, "DELETE FROM atlas_index WHERE name = 'edge_back'");

    expect((await forest.indexes.verify()).findings).toMatchObject([
      { index: "edge_back", problem: "definition_differs" },
    ]);
    await run(forest, "DROP TABLE atlas_index");
    expect((await forest.indexes.verify()).findings).toHaveLength(forestMade.length);

    await forest.indexes.ensure();
    expect(await forest.indexes.verify()).toMatchObject({ ok: true });
  });

  it("an index that is no longer declared", async () => {
    await using forest = await plant();
    const { database, transactions } = forest;
    const fewer = createIndexCoordinator({
      transactions,
      dialect: database.dialect,
      tables: forestTables,
      declarations: forestIndexes.filter(({ name }) => name !== "node_title"),
    });

    expect((await fewer.verify()).findings).toEqual([
      { index: "node_title", kind: "unique", problem: "undeclared" },
    ]);
    expect((await fewer.ensure()).removed).toEqual(["node_title"]);
  });

  it("two rows with one entry of a unique index, which only the rows can mend", async () => {
    await using forest = await plant();
    await forest.addNode("a", { parent_id: "x", title: "same" });
    const store = new RawStore(forest.database.location);
    store.behindIndex(
      "node_title",
      `INSERT INTO node (id, parent_id, title, body, state) VALUES ('b', 'x', 'same', '', 'done')`,
    );

    expect((await forest.indexes.verify(["node_title"])).findings).toEqual([
      { index: "node_title", kind: "unique", problem: "duplicate", key: "b", row: 2 },
    ]);
    await expect(forest.indexes.rebuild(["node_title"])).rejects.toMatchObject({
      code: "storage.constraint",
    });
    // The database refuses to change a row whose entry is missing while the index is there.
    await run(forest, "DROP INDEX node_title", "UPDATE node SET title = 'b' WHERE _row = 2");
    await expectRepair(forest, "node_title");
  });

  it("a table that is stored without its declared key", async () => {
    await using store = await openTemporaryStore();
    const { transactions, database } = store;
    await transactions.connection.execute("CREATE TABLE node (id TEXT, title TEXT)");
    await transactions.connection.execute("CREATE TABLE edge (node_id TEXT PRIMARY KEY)");
    const indexes = createIndexCoordinator({
      transactions,
      dialect: database.dialect,
      tables: forestTables,
      declarations: forestIndexes.filter(({ kind }) => kind === "primary"),
    });

    expect((await indexes.verify()).findings).toEqual([
      { index: "node_key", kind: "primary", problem: "missing" },
      { index: "edge_key", kind: "primary", problem: "missing" },
    ]);
    await expect(indexes.ensure()).rejects.toMatchObject({ code: "index.primary_missing" });
    await expect(indexes.rebuild()).rejects.toMatchObject({ code: "index.primary_missing" });
  });

  it("a search index whose inner structure is damaged, unless it is not to be looked at", async () => {
    await using forest = await plant();
    await forest.addNode("a", { title: "oak" });
    tamper(forest, "UPDATE node_search_data SET block = x'050505' WHERE id = 1");

    expect((await forest.indexes.verify(["node_search"], { structure: false })).ok).toBe(true);
    expect((await forest.indexes.verify(["node_search"])).findings).toEqual([
      { index: "node_search", kind: "search", problem: "entries_differ" },
    ]);
    await expectRepair(forest, "node_search");
  });
});
