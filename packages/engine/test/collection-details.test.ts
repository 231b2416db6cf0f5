import {
  type CollectionDefinition,
  defineCollection,
  openEngine,
  type RuleContext,
} from "@atlas/engine";
import { defineTable } from "@atlas/storage";
import { type BusinessRule, defineRule } from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { books, openLibrary } from "../src/testing/library-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

interface Node {
  readonly id: number;
  readonly parent: number | null;
  readonly state: string;
  readonly seal: Uint8Array;
  readonly children: number;
}
type NodeInput = Pick<Node, "id" | "parent" | "state" | "seal">;

const onlyForward: BusinessRule<NodeInput, RuleContext<Node>> = defineRule<
  NodeInput,
  RuleContext<Node>
>({
  code: "node.reopened",
  message: "A closed node stays closed.",
  fields: ["state"],
  check: (node, _loaded, context) =>
    node.state === "closed" || context.before(node)?.state !== "closed",
});

/** Nodes whose saves change maintained columns of nodes saved with them. */
const nodes: CollectionDefinition<Node, NodeInput, number> = defineCollection({
  name: "node",
  table: defineTable("node", {
    columns: {
      id: { type: "integer" },
      parent: { type: "integer", nullable: true },
      state: { type: "text" },
      seal: { type: "blob" },
      children: { type: "integer", default: 0 },
    },
    primaryKey: ["id"],
  }),
  schema: z.strictObject({
    id: z.int(),
    parent: z.int().nullable(),
    state: z.string(),
    seal: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  }),
  key: "id",
  indexes: [{ kind: "unique", name: "node_seal", on: ["seal"] }],
  maintained: [
    {
      name: "node_children",
      column: "children",
      expression: "SELECT count(*) FROM node AS child WHERE child.parent = self.id",
      affectedBy: [{ table: "node", columns: ["parent"], via: "parent" }],
    },
  ],
  rules: [onlyForward],
});

const node = (id: number, parent: number | null = null, state = "open"): NodeInput => ({
  id,
  parent,
  state,
  seal: Uint8Array.of(id, 255),
});

describe("G1: collections in detail", () => {
  it("answers with maintained columns as they are after the whole batch", async () => {
    await using store = await openTemporaryStore();
    const collection = (await openEngine({ ...store, collections: [nodes] })).collection(nodes);

    const { items } = await collection.saveMany([node(1), node(2, 1), node(3, 1)]);
    const loop = await collection.save(node(4, 4));

    expect(items).toMatchObject([
      { record: { id: 1, children: 2 } },
      { record: { id: 2, children: 0 } },
      { record: { id: 3, children: 0 } },
    ]);
    expect(loop.children).toBe(1);
    expect(await collection.query({ where: { children: { gt: 0 } } })).toMatchObject({
      items: [{ id: 1 }, { id: 4 }],
    });
  });

  it("stores bytes, compares them, and logs them as base64", async () => {
    await using store = await openTemporaryStore();
    const engine = await openEngine({ ...store, collections: [nodes] });
    const collection = engine.collection(nodes);

    await collection.save(node(1));
    await collection.save(node(1));
    await collection.save({ ...node(1), seal: Uint8Array.of(7) });

    expect((await collection.get(1))?.seal).toEqual(Buffer.of(7));
    expect(await engine.changes.since(0)).toMatchObject([
      { key: "1", after: { seal: "Af8=" } },
      { before: { seal: "Af8=" }, after: { seal: "Bw==" } },
    ]);
    await expect(collection.query({ where: { seal: Uint8Array.of(7) } })).rejects.toMatchObject({
      code: "operation.query_invalid",
    });
  });

  it("V3: rules see the record that is replaced", async () => {
    await using store = await openTemporaryStore();
    const collection = (await openEngine({ ...store, collections: [nodes] })).collection(nodes);
    await collection.save(node(1, null, "closed"));

    await expect(collection.save(node(1, null, "open"))).rejects.toMatchObject({
      code: "validation.failed",
      details: { issues: [{ code: "node.reopened", path: ["state"] }] },
    });
    await expect(collection.save(node(1, 1, "closed"))).resolves.toBeDefined();
    const result = await collection.saveMany([node(1, null, "open"), node(2)], {
      mode: "item-by-item",
    });
    expect(result.items).toMatchObject([{ status: "refused" }, { status: "created" }]);
  });

  it("B5: item by item, what the database refuses is undone alone and named", async () => {
    await using store = await openTemporaryStore();
    const engine = await openEngine({ ...store, collections: [nodes] });
    const collection = engine.collection(nodes);
    const twin = { ...node(2), seal: node(1).seal };

    const result = await collection.saveMany([node(1), twin, node(3)], { mode: "item-by-item" });

    expect(result).toMatchObject({ ok: false, created: 2, refused: 1 });
    expect(result.items[1]).toMatchObject({
      status: "refused",
      error: { code: "storage.constraint" },
    });
    expect((await engine.changes.since(0)).map(({ key }) => key)).toEqual(["1", "3"]);
    await expect(
      collection.saveMany([node(5), { ...node(6), seal: node(1).seal }]),
    ).rejects.toMatchObject({ code: "storage.constraint" });
    expect(await collection.count()).toBe(2);
  });

  it("B5: a cancelled batch says what was not saved", async () => {
    await using store = await openTemporaryStore();
    const collection = (await openEngine({ ...store, collections: [nodes] })).collection(nodes);
    const signal = AbortSignal.abort();

    const result = await collection.saveMany([node(1)], { mode: "item-by-item", signal });

    expect(result.items).toMatchObject([
      { status: "refused", error: { code: "operation.cancelled" } },
    ]);
    await expect(collection.saveMany([node(1)], { signal })).rejects.toMatchObject({
      code: "operation.cancelled",
    });
    expect(await collection.count()).toBe(0);
  });

  it("a version is asked for only where there is one", async () => {
    await using store = await openTemporaryStore();
    const collection = (await openEngine({ ...store, collections: [nodes] })).collection(nodes);

    await expect(collection.save(node(1), { ifVersion: 1 })).rejects.toMatchObject({
      code: "operation.query_invalid",
    });
    await expect(collection.save(node(1), { ifversion: 1 } as never)).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
  });

  it("pages of any order and filter are the pages of the whole, against a model in memory", async () => {
    // Goal: the keyset conditions lose and repeat nothing, whatever is missing or equal.
    // Method: random books and random queries from a seed; every walk is compared with a sort.
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    const random = seeded(20_261_121);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const stock = Array.from({ length: 60 }, (_, at) => ({
      id: `b${String(at).padStart(2, "0")}`,
      title: pick(["A", "B", "C"]),
      pages: pick([null, 1, 2, 3]),
      lent: pick([true, false]),
    }));
    await library.books.saveMany(stock);

    for (let round = 0; round < 60; round += 1) {
      const fields = ["title", "pages", "lent", "id"] as const;
      const orderBy = fields
        .filter(() => random() < 0.5)
        .map((field) => ({ field, direction: pick(["asc", "desc"] as const) }));
      const where = pick([
        {},
        { lent: true },
        { pages: { neq: 2 } },
        { title: { in: ["A", "C"] } },
      ]);
      const limit = pick([1, 7, 25]);

      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await library.books.query({
          where,
          orderBy,
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined && ids.length <= stock.length);

      const whole = await library.books.query({ where, limit: 1_000 });
      const expected = whole.items.toSorted((left, right) => {
        for (const { field, direction } of [
          ...orderBy,
          { field: "id", direction: "asc" },
        ] as const) {
          const [a, b] = [rank(left[field]), rank(right[field])];
          if (a !== b) return (a < b ? -1 : 1) * (direction === "asc" ? 1 : -1);
        }
        return 0;
      });
      const asked = { round, orderBy, where, limit };
      expect({ ...asked, ids }).toEqual({ ...asked, ids: expected.map(({ id }) => id) });
    }
  });

  it("a query of a new shape does not forget how to answer an old one", async () => {
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    await library.books.save({ id: "a", title: "A", pages: 1 });
    const operators = ["eq", "gt", "gte", "lt", "lte", "neq"] as const;

    for (const first of operators) {
      for (const second of operators) {
        for (const third of ["eq", "neq", "gt", "gte", "lt", "lte", "like"] as const) {
          const where = {
            pages: { [first]: 1 },
            version: { [second]: 1 },
            title: { [third]: "A" },
          };
          const count = await library.books.count({ where });
          const holds = [first, second, third].every(
            (operator) => !["gt", "lt", "neq"].includes(operator),
          );
          expect({ where, count }).toEqual({ where, count: holds ? 1 : 0 });
        }
      }
    }
    expect(await library.books.count({ where: { pages: 1 } })).toBe(1);
  });

  it("names of fields never become SQL", async () => {
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    const evil = '" OR 1=1 --';

    await expect(library.books.query({ orderBy: [evil as "id"] })).rejects.toMatchObject({
      code: "operation.query_invalid",
    });
    await expect(library.books.query({ where: { [evil]: 1 } as never })).rejects.toMatchObject({
      code: "operation.query_invalid",
    });
    expect(await library.books.query({ where: { id: evil, title: { like: evil } } })).toEqual({
      items: [],
    });
    expect(books.name).toBe("book");
  });
});

function rank(value: string | number | boolean | null): string | number {
  return value === null ? -Infinity : typeof value === "boolean" ? Number(value) : value;
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
