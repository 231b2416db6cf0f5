import { openEngine } from "@atlas/engine";
import { describe, expect, it } from "vitest";
import { type BookInput, books, references, shelves } from "../src/testing/library-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const shelf = { id: "s", name: "Maps" };

function* titles(count: number, prefix = "b"): Generator<BookInput> {
  for (let at = 0; at < count; at += 1) {
    yield { id: `${prefix}${at}`, title: `Title ${at} of ${prefix}`, shelf_id: shelf.id };
  }
}

describe("Q5 B3 G1: given, stored, indexed and found are the same number", () => {
  it("of 10,000 records through the adaptive strategy", { timeout: 60_000 }, async () => {
    await using store = await openTemporaryStore();
    await using engine = await openEngine({ ...store, collections: [books, shelves, references] });
    await engine.collection(shelves).save(shelf);

    const result = await engine.collection(books).saveAll(titles(10_000), { strategy: "adaptive" });

    expect(result).toMatchObject({ ok: true, counts: { total: 10_000, succeeded: 10_000 } });
    expect(await engine.collection(books).count()).toBe(10_000);
    expect(await engine.indexes.count("book_shelf")).toBe(10_000);
    expect(await engine.indexes.count("book_search")).toBe(10_000);
    expect(await engine.collection(books).count({ search: "title" })).toBe(10_000);
    expect((await engine.collection(shelves).get("s"))?.books).toBe(10_000);
    expect(await engine.verify()).toMatchObject({ ok: true, findings: [] });
  });

  it("of five batches of 1,000 at once", { timeout: 60_000 }, async () => {
    await using store = await openTemporaryStore();
    await using engine = await openEngine({ ...store, collections: [books, shelves, references] });
    await engine.collection(shelves).save(shelf);
    const prefixes = ["a", "b", "c", "d", "e"];

    const results = await Promise.all([
      ...prefixes
        .slice(0, 3)
        .map((prefix) => engine.collection(books).saveMany([...titles(1_000, prefix)])),
      ...prefixes.slice(3).map((prefix) =>
        engine
          .collection(books)
          .saveAll(titles(1_000, prefix), { strategy: "adaptive" })
          .then(({ ok, counts }) => ({ ok, created: counts.succeeded })),
      ),
    ]);

    expect(results.map(({ ok, created }) => [ok, created])).toEqual(
      prefixes.map(() => [true, 1_000]),
    );
    expect(await engine.collection(books).count()).toBe(5_000);
    expect(await engine.indexes.count("book_search")).toBe(5_000);
    expect((await engine.collection(shelves).get("s"))?.books).toBe(5_000);
    expect(await engine.verify()).toMatchObject({ ok: true, findings: [] });
  });
});
