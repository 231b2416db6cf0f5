import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { SavedItem } from "@atlas/engine";
import { type Book, openLibrary } from "./library-fixture.ts";
import type { EngineRule } from "./engine-rule.ts";

/** Many records at once: all or nothing, or each on its own. */
export const batchRules: readonly EngineRule[] = [
  {
    name: "all or nothing saves all, in order, with what each became",
    async check(subject) {
      await using library = await openLibrary(subject);
      const first = await library.books.save({ id: "a", title: "Atlas" });

      const result = await library.books.saveMany([
        { ...first, title: "World" },
        { id: "b", title: "Biography" },
        { id: "a", title: "World" },
      ]);

      assert.deepEqual(statuses(result.items), ["updated", "created", "unchanged"]);
      assert.deepEqual(
        [result.ok, result.created, result.updated, result.unchanged, result.refused],
        [true, 1, 1, 1, 0],
      );
      assert.equal((await library.books.get("a"))?.version, 2);
    },
  },
  {
    name: "all or nothing saves nothing when one is refused, and names every issue",
    async check(subject) {
      await using library = await openLibrary(subject);

      const error: unknown = await library.books
        .saveMany([
          { id: "a", title: "Atlas" },
          { id: "b", title: "" },
          { id: "c", title: "Chronicle", shelf_id: "none" },
        ])
        .catch((reason: unknown) => reason);

      assert.ok(AtlasError.is(error));
      assert.equal(error.code, "validation.failed");
      const issues = error.details["issues"] as { readonly path: unknown; readonly code: string }[];
      assert.deepEqual(
        issues.map(({ path, code }) => [path, code]),
        [
          [[1, "title"], "schema.too_small"],
          [[2, "shelf_id"], "book.shelf_missing"],
        ],
      );
      assert.equal(await library.books.count(), 0);
      assert.deepEqual(await library.engine.changes.since(0), []);
    },
  },
  {
    name: "item by item saves what can be saved and says why the rest was not",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.shelves.save({ id: "s", name: "Maps" });

      const result = await library.books.saveMany(
        [
          { id: "a", title: "Atlas", shelf_id: "s" },
          { id: "b", title: "" },
          { id: "c", title: "Chronicle", shelf_id: "none" },
          { id: "d", title: "Dictionary", shelf_id: "s" },
        ],
        { mode: "item-by-item", actor: "ada" },
      );

      assert.deepEqual(statuses(result.items), ["created", "refused", "refused", "created"]);
      assert.equal(result.ok, false);
      for (const item of result.items) {
        if (item.status === "refused") assert.equal(item.error.code, "validation.failed");
      }
      assert.equal(await library.books.count(), 2);
      assert.equal((await library.shelves.get("s"))?.books, 2);
      const changes = await library.engine.changes.since(1);
      assert.deepEqual(
        changes.map(({ key, actor }) => [key, actor]),
        [
          ["a", "ada"],
          ["d", "ada"],
        ],
      );
    },
  },
  {
    name: "thousands of records are saved, counted and indexed alike",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.shelves.save({ id: "s", name: "Maps" });
      const many = Array.from({ length: 2_000 }, (_, at) => ({
        id: `b${at}`,
        title: `Title ${at}`,
        shelf_id: "s",
      }));

      const result = await library.books.saveMany(many);

      assert.equal(result.created, 2_000);
      assert.equal(await library.books.count(), 2_000);
      assert.equal(await library.engine.indexes.count("book_search"), 2_000);
      assert.equal(await library.engine.indexes.count("book_shelf"), 2_000);
      assert.equal((await library.shelves.get("s"))?.books, 2_000);
      assert.equal((await library.engine.verify()).ok, true);
    },
  },
  {
    name: "records with a key of several columns are recognised when they are saved again",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.references.saveMany([
        { from_id: "a", to_id: "b" },
        { from_id: "a", to_id: "c" },
      ]);
      const again = await library.references.saveMany([
        { from_id: "a", to_id: "c" },
        { from_id: "a", to_id: "d" },
      ]);

      assert.deepEqual(statuses(again.items), ["unchanged", "created"]);
    },
  },
  {
    name: "a batch inside a transaction is undone with it",
    async check(subject) {
      await using library = await openLibrary(subject);

      const failed = library.engine.atomic(async () => {
        await library.books.saveMany([{ id: "a", title: "Atlas" }]);
        throw new Error("give up");
      });

      await assert.rejects(failed, /give up/);
      assert.equal(await library.books.count(), 0);
    },
  },
  {
    name: "more records than one call accepts are refused, nothing at all is accepted",
    async check(subject) {
      await using library = await openLibrary(subject);
      const many = Array.from({ length: 10_001 }, (_, at) => ({ id: `b${at}`, title: "Title" }));

      await assert.rejects(library.books.saveMany(many), { code: "operation.too_many_records" });
      assert.deepEqual((await library.books.saveMany([])).items, []);
    },
  },
];

function statuses(items: readonly SavedItem<Book | object>[]): string[] {
  return items.map(({ status }) => status);
}
