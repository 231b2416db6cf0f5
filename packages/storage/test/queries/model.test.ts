import { column, defineTable, deleteFrom, from, insertInto, type Query } from "@atlas/storage";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { untyped } from "../fixtures/untyped.ts";
import { holds, type Item, type Name, type Node, order } from "./model.ts";

// Goal: on random rows, a random query returns exactly the rows, in exactly the
// order, that an evaluation of the same conditions over plain objects returns.

const items = defineTable("items", {
  columns: {
    key: { type: "integer" },
    n: { type: "integer", nullable: true },
    r: { type: "real", nullable: true },
    s: { type: "text", nullable: true },
    b: { type: "boolean", nullable: true },
  },
  primaryKey: ["key"],
});

const insert = insertInto(items).build();
const clear = deleteFrom(items).everywhere().build();

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await openTemporaryDatabase({ durability: "relaxed" });
  const { database } = temporary;
  await database.write(async (connection) => {
    for (const sql of database.dialect.createTable(items)) await connection.execute(sql);
  });
});
afterAll(() => temporary[Symbol.asyncDispose]());

// Few different values, so that conditions often hold; SQLite compares texts with
// LIKE only up to a NUL, so there is none in them.
const numbers = fc.constantFrom(-2, -1, 0, 1, 2, 3, Number.MAX_SAFE_INTEGER);
const reals = fc.oneof(
  fc.constantFrom(-1, 0, 0.1, 0.5, 1, 2, 2 ** 60 + 2 ** 8, 1e300, 5e-324, Infinity),
  fc.double({ noNaN: true }),
);
const texts = fc.oneof(
  fc.constantFrom("", "a", "A", "ab", "a%", "a_", "\\", "ä", "Ä", "ÿ", "😀", "\uffff"),
  fc.string({ unit: "grapheme", maxLength: 3 }).map((text) => text.replaceAll("\0", "")),
);
const patterns = fc
  .array(fc.constantFrom("%", "_", "\\", "a", "A", "b", "ä", "😀"), { maxLength: 4 })
  .map((parts) => parts.join(""));
const valuesOf: Readonly<Record<Name, fc.Arbitrary<string | number | boolean>>> = {
  key: fc.integer({ min: 1, max: 12 }),
  n: numbers,
  r: reals,
  s: texts,
  b: fc.boolean(),
};
const names = fc.constantFrom<Name>("key", "n", "r", "s", "b");
const comparisons = ["eq", "neq", "gt", "gte", "lt", "lte"] as const;

const leaf: fc.Arbitrary<Node> = names.chain((name) => {
  const value = valuesOf[name];
  const others: readonly Name[] = name === "s" || name === "b" ? [name] : ["key", "n", "r"];
  const nodeOf = (operators: readonly string[], operand: fc.Arbitrary<unknown>) =>
    fc.record({
      column: fc.constant(name),
      operator: fc.constantFrom(...operators),
      value: operand,
    });
  return fc.oneof(
    nodeOf(comparisons, value),
    nodeOf(["in", "notIn"], fc.array(value, { minLength: 1, maxLength: 4 })),
    nodeOf(["between"], fc.tuple(value, value)),
    fc.record({ column: fc.constant(name), operator: fc.constantFrom("isNull", "isNotNull") }),
    fc.record({
      column: fc.constant(name),
      operator: fc.constantFrom(...comparisons),
      other: fc.constantFrom(...others),
    }),
    ...(name === "s" ? [nodeOf(["like", "notLike"], patterns)] : []),
  );
});
const { node } = fc.letrec<{ node: Node }>((tie) => {
  const list = fc.array(tie("node"), { minLength: 1, maxLength: 3 });
  return {
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      list.map((all): Node => ({ all })),
      list.map((any): Node => ({ any })),
    ),
  };
});
const rows = fc.uniqueArray(
  fc.record({
    key: fc.integer({ min: 1, max: 12 }),
    n: fc.option(numbers),
    r: fc.option(reals),
    s: fc.option(texts),
    b: fc.option(fc.boolean()),
  }),
  { selector: ({ key }) => key, maxLength: 12 },
);
const terms = fc.array(
  fc.record({
    name: names,
    direction: fc.constantFrom("asc", "desc"),
    nulls: fc.constantFrom(undefined, "first", "last"),
  }),
  { maxLength: 3 },
);
const limits = fc.option(fc.record({ limit: fc.nat(8), offset: fc.option(fc.nat(4)) }));

type Term = { readonly name: Name; readonly direction: string; readonly nulls: string | undefined };

function built(
  nodes: readonly Node[],
  order: readonly Term[],
  limit: { limit: number; offset: number | null } | null,
): Query {
  let builder = untyped(from(items).select("key"));
  for (const each of nodes) builder = builder["where"]!([given(each)]);
  for (const { name, direction, nulls } of order) {
    builder = builder["orderBy"]!(name, direction, nulls);
  }
  // Only with a key at the end is there one right order.
  builder = builder["orderBy"]!("key");
  if (limit !== null) builder = builder["limit"]!(limit.limit);
  if (limit !== null && limit.offset !== null) builder = builder["offset"]!(limit.offset);
  return builder.build();
}

/** A node as the builder takes it. */
function given(each: Node): unknown {
  if ("all" in each) return { all: each.all.map(given) };
  if ("any" in each) return { any: each.any.map(given) };
  if (!("other" in each)) return each;
  return { column: each.column, operator: each.operator, value: column(each.other) };
}

function byTerm({ name, direction, nulls }: Term): (a: Item, b: Item) => number {
  return (a, b) => {
    const [left, right] = [a[name], b[name]];
    if (nulls !== undefined && (left === null) !== (right === null)) {
      return (left === null) === (nulls === "first") ? -1 : 1;
    }
    return direction === "desc" ? order(right, left) : order(left, right);
  };
}

test("D1: queries return what the same conditions over plain objects return", async () => {
  const { database } = temporary;
  let returned = 0;

  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.array(fc.tuple(fc.array(node, { maxLength: 2 }), terms, limits), {
        minLength: 5,
        maxLength: 10,
      }),
      async (data, queries) => {
        await database.write(async (connection) => {
          await connection.run(clear);
          await connection.runMany(insert, data);
        });
        for (const [nodes, order_, limit] of queries) {
          const sorted = data
            .filter((row) => nodes.every((each) => holds(each, row) === true))
            .toSorted(
              (a, b) =>
                order_.map((term) => byTerm(term)(a, b)).find((sign) => sign !== 0) ??
                a.key - b.key,
            );
          const start = limit?.offset ?? 0;
          const expected = sorted.slice(start, limit === null ? undefined : start + limit.limit);

          const found = await database.all(built(nodes, order_, limit));

          expect(found).toEqual(expected.map(({ key }) => ({ key })));
          returned += found.length;
        }
      },
    ),
    { numRuns: 400 },
  );

  // Conditions that never hold would prove nothing.
  expect(returned).toBeGreaterThan(1_000);
}, 60_000);
