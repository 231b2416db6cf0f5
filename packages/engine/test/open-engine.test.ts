import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type AnyCollection,
  defineCollection,
  type EngineEvent,
  engineErrorCodes,
  openEngine,
} from "@atlas/engine";
import { defineTable } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { books, references, shelves } from "../src/testing/library-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const library = [books, shelves, references];

describe("G1: opening an engine", () => {
  it("creates what is missing, and a second opening changes nothing", async () => {
    await using store = await openTemporaryStore();
    const events: EngineEvent[] = [];
    const onEvent = (event: EngineEvent): void => {
      events.push(event);
      throw new Error("the observer is broken");
    };

    await openEngine({ ...store, collections: library, onEvent, clock: () => 0 });
    await openEngine({ ...store, collections: library, onEvent, clock: () => 0 });

    expect(events).toEqual([
      { type: "index.ensured", created: 4, replaced: 0, removed: 0, durationMs: 0 },
      { type: "engine.opened", collections: 3, migrated: 4, durationMs: 0 },
      { type: "engine.opened", collections: 3, migrated: 0, durationMs: 0 },
    ]);
  });

  it("owns a transaction manager only if it was given none", async () => {
    await using temporary = await openTemporaryDatabase();
    const { database } = temporary;

    const engine = await openEngine({ database, collections: library });
    await expect(createTransactionManager(database)).rejects.toMatchObject({
      code: "storage.writer_taken",
    });
    await engine.close();
    await engine.close();

    await using manager = await createTransactionManager(database);
    const second = await openEngine({ database, transactions: manager, collections: library });
    await second.close();
    await expect(manager.atomic(() => 1)).resolves.toBe(1);
  });

  it("a closed engine refuses to work", async () => {
    await using store = await openTemporaryStore();
    const engine = await openEngine({ ...store, collections: library });
    const collection = engine.collection(books);
    await engine.close();

    for (const refused of [
      () => collection.save({ id: "a", title: "A" }),
      () => collection.get("a"),
      () => collection.query(),
      () => collection.delete("a"),
      () => collection.saveMany([]),
      () => collection.count(),
      () => engine.atomic(() => 1),
      () => engine.verify(),
      () => engine.rebuild(),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: "operation.engine_closed" });
    }
  });

  it("knows only the collections it was opened with, and refuses two of one name or table", async () => {
    await using store = await openTemporaryStore();
    const engine = await openEngine({ ...store, collections: [books, shelves] });
    const other = { ...shelves, name: "other" };

    expect(() => engine.collection(references)).toThrow(
      expect.objectContaining({ code: "operation.collection_unknown" }),
    );
    for (const collections of [
      [shelves, shelves],
      [shelves, other],
    ]) {
      await expect(openEngine({ ...store, collections })).rejects.toMatchObject({
        code: "configuration.collection_invalid",
      });
    }
    await expect(openEngine({ ...store, colections: [] } as never)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
  });

  it("D9: several processes that open and fill one new file at once lose nothing", async () => {
    // Goal: opening is safe against other processes, and the log has one order for all of them.
    // Method: real processes on one file that does not exist yet.
    await using temporary = await openTemporaryDatabase();
    const path = `${temporary.path}.shared`;
    const script = fileURLToPath(new URL("fixtures/save-books.ts", import.meta.url));
    const run = promisify(execFile);

    await Promise.all(
      ["p", "q", "r", "s"].map((prefix) =>
        run(process.execPath, ["--conditions=@atlas/source", script, path, prefix, "50"]),
      ),
    );

    await using database = await openSqlite(path);
    await using engine = await openEngine({ database, collections: library });
    expect(await engine.collection(books).count()).toBe(200);
    const changes = await engine.changes.since(0, 1_000);
    expect(changes).toHaveLength(200);
    expect(new Set(changes.map(({ changeSet }) => changeSet)).size).toBe(200);
    expect(await engine.verify()).toMatchObject({ ok: true, records: 200 });
  }, 60_000);
});

describe("G1: migrations of a collection", () => {
  const id = z.string();
  const first = note({ text: { type: "text" } }, z.strictObject({ id, text: z.string() }), []);
  const rename = {
    version: 1,
    name: "count stars",
    statements: ["ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 3"],
  };
  const second = note(
    { text: { type: "text" }, stars: { type: "integer", default: 3 } },
    z.strictObject({ id, text: z.string(), stars: z.int().default(0) }),
    [rename],
  );

  it("bring a stored table to what is declared, once", async () => {
    await using store = await openTemporaryStore();
    const before = await openEngine({ ...store, collections: [first] });
    await before.connection.execute("INSERT INTO note (id, text) VALUES ('a', 'A')");
    const events: EngineEvent[] = [];

    for (let time = 0; time < 2; time += 1) {
      await openEngine({ ...store, collections: [second], onEvent: (event) => events.push(event) });
    }

    const { rows } = await store.transactions.connection.execute("SELECT stars FROM note");
    expect(rows).toEqual([{ stars: 3 }]);
    expect(events.filter(({ type }) => type === "engine.opened")).toMatchObject([
      { migrated: 1 },
      { migrated: 0 },
    ]);
  });

  it("are recorded and not run when the table is new", async () => {
    await using store = await openTemporaryStore();

    const engine = await openEngine({ ...store, collections: [second] });

    await engine.connection.execute("INSERT INTO note (id, text) VALUES ('a', 'A')");
    await expect(openEngine({ ...store, collections: [second] })).resolves.toBeDefined();
  });

  it("a file of a newer program is refused and left as it is", async () => {
    await using store = await openTemporaryStore();
    await openEngine({ ...store, collections: [second] });

    await expect(openEngine({ ...store, collections: [first] })).rejects.toMatchObject({
      code: "storage.schema_newer",
    });
  });

  it("a migration that was changed after it ran is refused", async () => {
    await using store = await openTemporaryStore();
    await openEngine({ ...store, collections: [second] });
    const changed = { ...second, migrations: [{ ...rename, statements: ["SELECT 1"] }] };

    await expect(openEngine({ ...store, collections: [changed] })).rejects.toMatchObject({
      code: "storage.migration_changed",
    });
  });

  it("a migration that fails leaves nothing of itself or of others behind", async () => {
    await using store = await openTemporaryStore();
    await openEngine({ ...store, collections: [first] });
    const failing = {
      ...second,
      migrations: [rename, { version: 2, name: "fail", statements: ["SELECT nothing"] }],
    };

    await expect(openEngine({ ...store, collections: [failing, shelves] })).rejects.toMatchObject({
      code: "storage.migration_failed",
    });
    await expect(openEngine({ ...store, collections: [first] })).resolves.toBeDefined();
  });

  it("a declaration that no migration leads to is refused", async () => {
    await using store = await openTemporaryStore();
    await openEngine({ ...store, collections: [first] });

    await expect(
      openEngine({ ...store, collections: [{ ...second, migrations: [] }] }),
    ).rejects.toMatchObject({ code: "configuration.collection_invalid" });
  });

  function note(
    columns: Readonly<
      Record<string, { readonly type: "text" | "integer"; readonly default?: number }>
    >,
    schema: z.ZodObject,
    migrations: AnyCollection["migrations"],
  ): AnyCollection {
    return defineCollection({
      name: "note",
      table: defineTable("note", {
        columns: { id: { type: "text" }, ...columns },
        primaryKey: ["id"],
      }),
      schema: schema as never,
      key: "id",
      migrations,
    });
  }
});

describe("E1: error codes", () => {
  it("are public and stay", () => {
    expect(Object.keys(engineErrorCodes)).toEqual([
      "operation.version_conflict",
      "operation.query_invalid",
      "operation.cursor_invalid",
      "operation.collection_unknown",
      "operation.too_many_records",
      "operation.transaction_required",
      "operation.engine_closed",
      "configuration.collection_invalid",
    ]);
  });
});
