import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import { openLibrary } from "./library-fixture.ts";
import type { EngineRule } from "./engine-rule.ts";

const atlas = { id: "a", title: "Atlas" };

/** Single records: what goes in comes out, checked and versioned. */
export const recordRules: readonly EngineRule[] = [
  {
    name: "a saved record comes back as the schema made it, with its version",
    async check(subject) {
      await using library = await openLibrary(subject);

      const saved = await library.books.save({ ...atlas, pages: 12, lent: true, tags: ["map"] });

      assert.deepEqual(saved, {
        id: "a",
        title: "Atlas",
        shelf_id: null,
        pages: 12,
        lent: true,
        tags: ["map"],
        version: 1,
      });
      assert.deepEqual(await library.books.get("a"), saved);
      assert.equal(await library.books.get("b"), undefined);
    },
  },
  {
    name: "saving again replaces the record and raises its version",
    async check(subject) {
      await using library = await openLibrary(subject);
      const first = await library.books.save({ ...atlas, tags: ["map"] });

      const second = await library.books.save({ ...first, title: "World" });

      assert.deepEqual(second, { ...first, title: "World", version: 2 });
      assert.deepEqual(await library.books.get("a"), second);
    },
  },
  {
    name: "saving what is stored already changes nothing",
    async check(subject) {
      await using library = await openLibrary(subject);
      const first = await library.books.save({ ...atlas, tags: ["map"] });

      const second = await library.books.save({ ...atlas, tags: ["map"] });

      assert.deepEqual(second, first);
      assert.equal((await library.engine.changes.forRecord("book", "a")).items.length, 1);
    },
  },
  {
    name: "a record the schema refuses is not stored, and every issue is named",
    async check(subject) {
      await using library = await openLibrary(subject);
      const wrong = { id: "a", title: "", pages: -1, colour: "red" };

      const error = await rejection(library.books.save(wrong));

      assert.equal(error.code, "validation.failed");
      assert.deepEqual(pathsOf(error), [["colour"], ["pages"], ["title"]]);
      assert.equal(await library.books.count(), 0);
    },
  },
  {
    name: "a rule reads what the transaction it guards has written",
    async check(subject) {
      await using library = await openLibrary(subject);
      const book = { ...atlas, shelf_id: "s" };

      const error = await rejection(library.books.save(book));
      const saved = await library.engine.atomic(async () => {
        await library.shelves.save({ id: "s", name: "Maps" });
        return library.books.save(book);
      });

      assert.equal(error.code, "validation.failed");
      assert.equal(saved.shelf_id, "s");
    },
  },
  {
    name: "a version that is not the stored one refuses the write",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.books.save(atlas);
      await library.books.save({ ...atlas, title: "World" }, { ifVersion: 1 });

      for (const refused of [
        () => library.books.save({ ...atlas, title: "Late" }, { ifVersion: 1 }),
        () => library.books.save({ ...atlas, title: "New" }, { ifVersion: 0 }),
        () => library.books.save({ id: "b", title: "None" }, { ifVersion: 3 }),
        () => library.books.delete("a", { ifVersion: 1 }),
        () => library.books.delete("b", { ifVersion: 1 }),
      ]) {
        assert.equal((await rejection(refused())).code, "operation.version_conflict");
      }
      assert.equal((await library.books.get("a"))?.title, "World");
    },
  },
  {
    name: "of two writers with the same version one wins",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.books.save(atlas);

      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, at) =>
          library.books.save({ ...atlas, title: `Title ${at}` }, { ifVersion: 1 }),
        ),
      );

      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal((await library.books.get("a"))?.version, 2);
    },
  },
  {
    name: "delete says whether there was a record",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.books.save(atlas);

      assert.equal(await library.books.delete("a", { ifVersion: 1 }), true);
      assert.equal(await library.books.delete("a"), false);
      assert.equal(await library.books.get("a"), undefined);
    },
  },
  {
    name: "a key of several columns is given as an object",
    async check(subject) {
      await using library = await openLibrary(subject);
      const reference = { from_id: "a", to_id: "b" };

      await library.references.save(reference);
      await library.references.save(reference);

      assert.deepEqual(await library.references.get(reference), reference);
      assert.equal(await library.references.get({ from_id: "b", to_id: "a" }), undefined);
      assert.equal(await library.references.delete(reference), true);
    },
  },
  {
    name: "columns that count other records follow every write",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.shelves.saveMany([
        { id: "s", name: "Maps" },
        { id: "t", name: "Plans" },
      ]);
      const counts = async (): Promise<unknown> =>
        Promise.all(["s", "t"].map(async (id) => (await library.shelves.get(id))?.books));

      await library.books.save({ ...atlas, shelf_id: "s" });
      await library.books.save({ id: "b", title: "Biography", shelf_id: "s" });
      assert.deepEqual(await counts(), [2, 0]);

      await library.books.save({ ...atlas, shelf_id: "t" });
      assert.deepEqual(await counts(), [1, 1]);

      await library.books.delete("b");
      assert.deepEqual(await counts(), [0, 1]);
      assert.deepEqual(await library.shelves.save({ id: "t", name: "Drawings" }), {
        id: "t",
        name: "Drawings",
        books: 1,
      });
    },
  },
  {
    name: "a failed transaction leaves no record, no count and no change behind",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.shelves.save({ id: "s", name: "Maps" });

      const failed = library.engine.atomic(async () => {
        await library.books.save({ ...atlas, shelf_id: "s" });
        throw new Error("give up");
      });

      await assert.rejects(failed, /give up/);
      assert.equal(await library.books.count(), 0);
      assert.equal((await library.shelves.get("s"))?.books, 0);
      assert.equal((await library.engine.changes.since(0)).length, 1);
    },
  },
  {
    name: "a refused save leaves the transaction around it usable",
    async check(subject) {
      await using library = await openLibrary(subject);

      await library.engine.atomic(async () => {
        await library.books.save(atlas);
        await assert.rejects(library.books.save({ id: "b", title: "B", shelf_id: "none" }));
        await library.books.save({ id: "c", title: "Chronicle" });
      });

      assert.equal(await library.books.count(), 2);
    },
  },
];

async function rejection(promise: Promise<unknown>): Promise<AtlasError> {
  const error: unknown = await promise.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(AtlasError.is(error), `${String(error)} has no code`);
  return error;
}

function pathsOf(error: AtlasError): readonly unknown[] {
  const issues = error.details["issues"] as readonly { readonly path: readonly unknown[] }[];
  return issues.map(({ path }) => path).toSorted();
}
