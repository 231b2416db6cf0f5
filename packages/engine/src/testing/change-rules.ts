import assert from "node:assert/strict";
import type { Change } from "@atlas/engine";
import { openLibrary } from "./library-fixture.ts";
import type { EngineRule } from "./engine-rule.ts";

const atlas = { id: "a", title: "Atlas" };

/** Every write is in the log, with who and why, in the transaction that made it. */
export const changeRules: readonly EngineRule[] = [
  {
    name: "the log keeps what was created, what changed and what was deleted",
    async check(subject) {
      await using library = await openLibrary(subject);
      const created = await library.books.save({ ...atlas, tags: ["map"] }, { actor: "ada" });
      await library.books.save({ ...created, title: "World", lent: true });
      const deleted = (await library.books.get("a"))!;
      await library.books.delete("a", { actor: "bob" });

      const { items } = await library.engine.changes.forRecord("book", "a");

      const common = { collection: "book", key: "a", reason: undefined, at: 1_000 };
      assert.deepEqual(items, [
        {
          ...common,
          sequence: 3,
          changeSet: "set3",
          kind: "deleted",
          before: { ...deleted },
          after: undefined,
          actor: "bob",
        },
        {
          ...common,
          sequence: 2,
          changeSet: "set2",
          kind: "updated",
          before: { title: "Atlas", lent: false, version: 1 },
          after: { title: "World", lent: true, version: 2 },
          actor: undefined,
        },
        {
          ...common,
          sequence: 1,
          changeSet: "set1",
          kind: "created",
          before: undefined,
          after: { ...created },
          actor: "ada",
        },
      ] satisfies Change[]);
    },
  },
  {
    name: "writes of one transaction share a change set, separate transactions do not",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.engine.atomic(async () => {
        await library.shelves.save({ id: "s", name: "Maps" });
        await library.books.save({ ...atlas, shelf_id: "s" });
      });
      await library.books.delete("a");

      const sets = (await library.engine.changes.since(0)).map(({ changeSet }) => changeSet);

      assert.equal(sets[0], sets[1]);
      assert.notEqual(sets[1], sets[2]);
    },
  },
  {
    name: "a change set gives actor and reason to all that happens in it, also over transactions",
    async check(subject) {
      await using library = await openLibrary(subject);

      await library.engine.changeSet({ actor: "ada", reason: "moving" }, async () => {
        await library.shelves.save({ id: "s", name: "Maps" });
        await library.engine.changeSet({ reason: "sorting" }, () => library.books.save(atlas));
        await library.books.save({ ...atlas, title: "World" }, { actor: "bob" });
      });
      await library.books.delete("a");

      const changes = await library.engine.changes.since(0);
      assert.deepEqual(
        changes.map(({ actor, reason }) => [actor, reason]),
        [
          ["ada", "moving"],
          ["ada", "sorting"],
          ["bob", "moving"],
          [undefined, undefined],
        ],
      );
      assert.equal(new Set(changes.slice(0, 3).map(({ changeSet }) => changeSet)).size, 1);
      assert.notEqual(changes[2]?.changeSet, changes[3]?.changeSet);
    },
  },
  {
    name: "sequence numbers grow in the order of commits, whatever is deleted or rolled back",
    async check(subject) {
      await using library = await openLibrary(subject);
      const { engine, books } = library;
      await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const saved = engine.atomic(async () => {
            await books.save({ id: `b${at}`, title: "Title" });
            if (at % 3 === 0) throw new Error("give up");
          });
          await saved.catch(() => undefined);
        }),
      );
      const first = await engine.changes.since(0);
      await engine.connection.execute("DELETE FROM atlas_change");
      await books.save(atlas);
      const second = await engine.changes.since(0);

      assert.equal(first.length, 13);
      assert.deepEqual(
        first.map(({ sequence }) => sequence),
        first.map(({ sequence }) => sequence).toSorted((left, right) => left - right),
      );
      assert.ok(second[0]!.sequence > first.at(-1)!.sequence);
    },
  },
  {
    name: "since goes on after the last change seen, and histories come in pages",
    async check(subject) {
      await using library = await openLibrary(subject);
      for (let at = 0; at < 5; at += 1)
        await library.books.save({ ...atlas, title: `Title ${at}` });
      const { changes } = library.engine;

      const first = await changes.since(0, 2);
      const rest = await changes.since(first.at(-1)!.sequence);
      const page = await changes.forRecord("book", "a", { limit: 3 });
      const last = await changes.forRecord("book", "a", { limit: 3, cursor: page.nextCursor! });

      assert.deepEqual(
        [first, rest].map(({ length }) => length),
        [2, 3],
      );
      assert.deepEqual(
        [...page.items, ...last.items].map(({ sequence }) => sequence),
        [5, 4, 3, 2, 1],
      );
      assert.equal(last.nextCursor, undefined);
      await assert.rejects(changes.forRecord("book", "b", { limit: 3, cursor: page.nextCursor! }), {
        code: "operation.cursor_invalid",
      });
    },
  },
  {
    name: "writes by SQL of one's own are logged with them, or not at all",
    async check(subject) {
      await using library = await openLibrary(subject);
      const { engine } = library;
      await library.shelves.save({ id: "s", name: "Maps" });

      await engine.changeSet({ actor: "ada" }, () =>
        engine.atomic(async (transaction) => {
          await transaction.execute("UPDATE shelf SET name = 'Plans' WHERE id = 's'");
          await engine.changes.record([
            {
              collection: "shelf",
              key: "s",
              before: { id: "s", name: "Maps" },
              after: { id: "s", name: "Plans" },
            },
            { collection: "shelf", key: "t", before: { id: "t" }, after: { id: "t" } },
          ]);
        }),
      );

      const [change, ...others] = (await engine.changes.since(1)).map(
        ({ kind, before, after, actor }) => ({ kind, before, after, actor }),
      );
      assert.deepEqual(others, []);
      assert.deepEqual(change, {
        kind: "updated",
        before: { name: "Maps" },
        after: { name: "Plans" },
        actor: "ada",
      });
      await assert.rejects(engine.changes.record([{ collection: "shelf", key: "s" }]), {
        code: "operation.transaction_required",
      });
    },
  },
  {
    name: "collections that are not tracked leave no trace in the log",
    async check(subject) {
      await using library = await openLibrary(subject);

      await library.references.save({ from_id: "a", to_id: "b" });

      assert.deepEqual(await library.engine.changes.since(0), []);
    },
  },
];
