import assert from "node:assert/strict";
import type { Page, RecordQuery } from "@atlas/engine";
import { type Book, type Library, openLibrary } from "./library-fixture.ts";
import type { EngineRule } from "./engine-rule.ts";

/** Pages in a total order, filters, search and counts. */
export const queryRules: readonly EngineRule[] = [
  {
    name: "filters hold together, with a bare value for equality",
    async check(subject) {
      await using library = await openWithBooks(subject);
      const ids = async (query: RecordQuery<Book>): Promise<string> =>
        idsOf(await library.books.query(query));

      assert.equal(await ids({ where: { pages: 30 } }), "c");
      assert.equal(await ids({ where: { pages: null } }), "e");
      assert.equal(await ids({ where: { pages: { neq: null } } }), "a b c d");
      assert.equal(await ids({ where: { pages: { gt: 10, lte: 30 } } }), "b c");
      assert.equal(await ids({ where: { pages: { gte: 40 }, lent: true } }), "d");
      assert.equal(await ids({ where: { lent: true } }), "b d");
      assert.equal(await ids({ where: { id: { in: ["a", "e", "z"] } } }), "a e");
      assert.equal(await ids({ where: { id: { in: [] } } }), "");
      assert.equal(await ids({ where: { title: { like: "%tlas" } } }), "a");
      assert.equal(await ids({ where: { pages: { neq: 30 } } }), "a b d e");
    },
  },
  {
    name: "pages follow each other in a total order, missing values included",
    async check(subject) {
      await using library = await openWithBooks(subject);

      for (const [order, expected] of [
        [["pages"], "e a b c d"],
        [[{ field: "pages", direction: "desc" }], "d c b a e"],
        [["lent", { field: "pages", direction: "desc" }], "c a e d b"],
        [[{ field: "lent", direction: "desc" }, "title"], "b d a c e"],
        [[{ field: "id", direction: "desc" }], "e d c b a"],
      ] as const) {
        const whole = await library.books.query({ orderBy: order });
        assert.equal(idsOf(whole), expected);
        for (const limit of [1, 2, 3])
          assert.equal(await walk(library, { orderBy: order, limit }), expected);
      }
    },
  },
  {
    name: "records written between two pages neither repeat nor hide others",
    async check(subject) {
      await using library = await openWithBooks(subject);
      const query = { orderBy: ["title"], limit: 2 } as const;
      const first = await library.books.query(query);

      await library.books.save({ id: "0", title: "Aaa" });
      await library.books.save({ id: "9", title: "Zzz" });
      await library.books.delete("c");
      const rest = await library.books.query({ ...query, limit: 10, cursor: first.nextCursor! });

      assert.equal(idsOf(first), "a b");
      assert.equal(idsOf(rest), "d e 9");
      assert.equal(rest.nextCursor, undefined);
    },
  },
  {
    name: "a cursor that was altered or belongs to another query is refused",
    async check(subject) {
      await using library = await openWithBooks(subject);
      const { nextCursor } = await library.books.query({ limit: 2 });
      const cursor = nextCursor!;
      const refused = (query: RecordQuery<Book>): Promise<void> =>
        assert.rejects(library.books.query(query), { code: "operation.cursor_invalid" });

      await refused({ cursor: `${cursor}x` });
      await refused({ cursor: "x" });
      await refused({ cursor: "" });
      await refused({ cursor: Buffer.from('["a"]').toString("base64url") });
      const elsewhere = Buffer.from(cursor, "base64url").toString().replace('"b"', '"d"');
      await refused({ cursor: Buffer.from(elsewhere).toString("base64url") });
      await refused({ cursor, orderBy: ["title"] });
      await refused({ cursor, where: { lent: true } });
      await refused({ cursor, search: "atlas" });
      await assert.doesNotReject(library.books.query({ cursor, limit: 1 }));
    },
  },
  {
    name: "a query for what is not there, or for too much, is refused",
    async check(subject) {
      await using library = await openWithBooks(subject);
      const refused = (query: object): Promise<void> =>
        assert.rejects(library.books.query(query), { code: "operation.query_invalid" });

      await refused({ limit: 0 });
      await refused({ limit: 1_001 });
      await refused({ limit: 1.5 });
      await refused({ where: { nothing: 1 } });
      await refused({ where: { 'id" OR 1 --': 1 } });
      await refused({ where: { pages: { around: 1 } } });
      await refused({ where: { title: 7 } });
      await refused({ where: { tags: ["map"] } });
      await refused({ orderBy: ["nothing"] });
      await refused({ orderBy: [{ field: "id", direction: "up" }] });
      await refused({ orderBy: ["tags"] });
      await refused({ wehre: {} });
      await assert.rejects(library.shelves.query({ search: "a" }), {
        code: "operation.query_invalid",
      });
    },
  },
  {
    name: "search finds records by their words, together with filters, totals and pages",
    async check(subject) {
      await using library = await openWithBooks(subject);
      await library.books.save({ id: "f", title: "World atlas" });

      const { items, total } = await library.books.query({
        search: "atlas",
        total: true,
        limit: 1,
      });

      assert.deepEqual([items.length, total], [1, 2]);
      assert.equal(await walk(library, { search: "atlas", limit: 1 }), "a f");
      assert.equal(idsOf(await library.books.query({ search: "atlas", where: { id: "f" } })), "f");
      assert.equal(await library.books.count({ search: "atlas" }), 2);
    },
  },
  {
    name: "count counts what query finds",
    async check(subject) {
      await using library = await openWithBooks(subject);

      assert.equal(await library.books.count(), 5);
      assert.equal(await library.books.count({ where: { lent: true } }), 2);
      assert.equal((await library.books.query({ total: true, limit: 2 })).total, 5);
      assert.equal((await library.books.query({ limit: 2 })).total, undefined);
    },
  },
];

async function openWithBooks(subject: Parameters<typeof openLibrary>[0]): Promise<Library> {
  const library = await openLibrary(subject);
  await library.books.saveMany([
    { id: "a", title: "Atlas", pages: 10 },
    { id: "b", title: "Biography", pages: 20, lent: true },
    { id: "c", title: "Chronicle", pages: 30 },
    { id: "d", title: "Dictionary", pages: 40, lent: true },
    { id: "e", title: "Essays", tags: ["short"] },
  ]);
  return library;
}

function idsOf({ items }: Page<Book>): string {
  return items.map(({ id }) => id).join(" ");
}

async function walk(library: Library, query: RecordQuery<Book>): Promise<string> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await library.books.query({
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...page.items.map(({ id }) => id));
    assert.ok(ids.length <= 100, "a walk over a few books does not end");
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids.join(" ");
}
