import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import { type BookInput, openLibrary } from "./library-fixture.ts";
import type { EngineRule } from "./engine-rule.ts";

/** Records from a stream: batches, and jobs that go on. */
export const streamRules: readonly EngineRule[] = [
  {
    name: "a stream is saved in batches, and says what became of each record",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.books.save({ id: "b0", title: "Title 0" });
      await library.books.save({ id: "b1", title: "Another" });

      const { ok, counts, outcomes } = await library.books.saveAll(books(25), {
        batchSize: 10,
        outcomesMax: 100,
        actor: "ada",
      });

      assert.deepEqual([ok, counts.total, counts.succeeded], [true, 25, 25]);
      assert.deepEqual(
        outcomes.slice(0, 3).map(({ result }) => [result?.status, result?.record.version]),
        [
          ["unchanged", 1],
          ["updated", 2],
          ["created", 1],
        ],
      );
      assert.equal(await library.books.count(), 25);
      const changes = await library.engine.changes.since(2);
      assert.deepEqual(changes.map(({ key, actor }) => [key, actor]).slice(0, 2), [
        ["b1", "ada"],
        ["b2", "ada"],
      ]);
    },
  },
  {
    name: "a record of a stream that is refused is named and harms no other",
    async check(subject) {
      await using library = await openLibrary(subject);
      const stream: readonly BookInput[] = [
        { id: "a", title: "Atlas" },
        { id: "b", title: "" },
        { id: "c", title: "Chronicle", shelf_id: "none" },
        { id: "a", title: "World" },
      ];

      const { counts, failures } = await library.books.saveAll(stream);

      assert.deepEqual([counts.succeeded, counts.skipped], [2, 2]);
      assert.deepEqual(
        failures.map(({ index, key, error }) => [index, key, AtlasError.is(error) && error.code]),
        [
          [1, "b", "validation.failed"],
          [2, "c", "validation.failed"],
        ],
      );
      assert.equal((await library.books.get("a"))?.title, "World");
    },
  },
  {
    name: "batches at the same time save each record once, whatever they have in common",
    async check(subject) {
      await using library = await openLibrary(subject);
      await library.shelves.save({ id: "s", name: "Maps" });
      const twice = [...books(200, "s"), ...books(200, "s")];

      const { counts } = await library.books.saveAll(twice, {
        strategy: "concurrent",
        concurrency: 4,
        batchSize: 30,
      });

      assert.equal(counts.succeeded, 400);
      assert.equal(await library.books.count(), 200);
      assert.equal((await library.shelves.get("s"))?.books, 200);
      assert.equal((await library.engine.changes.since(1, 1_000)).length, 200);
      assert.equal((await library.engine.verify()).ok, true);
    },
  },
  {
    name: "a job goes on where it stopped and saves nothing twice",
    async check(subject) {
      await using library = await openLibrary(subject);
      const controller = new AbortController();
      const options = { job: "import-books", batchSize: 10 };

      const first = await library.books.saveAll(books(100), {
        ...options,
        signal: controller.signal,
        onProgress: ({ done }) => done >= 30 && controller.abort(),
      });
      const saved = await library.books.count();
      const [stopped] = await library.engine.jobs.list();
      const second = await library.books.saveAll(books(100), options);

      assert.equal(first.stopped, "cancelled");
      assert.ok(saved >= 30 && saved < 100);
      assert.equal(stopped?.succeeded, saved);
      assert.deepEqual([second.ok, second.counts.succeeded], [true, 100]);
      assert.equal(await library.books.count(), 100);
      assert.equal((await library.engine.changes.since(0, 1_000)).length, 100);
      assert.equal((await library.engine.jobs.list())[0]?.state, "completed");
    },
  },
  {
    name: "a job that is given other records than before is refused",
    async check(subject) {
      await using library = await openLibrary(subject);
      const controller = new AbortController();
      const options = { job: "import-books", batchSize: 100 };
      await library.books.saveAll(books(500), {
        ...options,
        signal: controller.signal,
        onProgress: ({ done }) => done >= 200 && controller.abort(),
      });
      const before = await library.books.count();
      const others = [...books(500)].map((book) => ({ ...book, id: `other-${book.id}` }));

      const { stopped, stopError } = await library.books.saveAll(others, options);

      assert.equal(stopped, "inputFailed");
      assert.equal(AtlasError.is(stopError) && stopError.code, "batch.input_differs");
      assert.equal(await library.books.count(), before);
    },
  },
];

function* books(count: number, shelf: string | null = null): Generator<BookInput> {
  for (let at = 0; at < count; at += 1) {
    yield { id: `b${at}`, title: `Title ${at}`, shelf_id: shelf };
  }
}
