import { alias, column, from, withTable } from "@atlas/storage";
import type { TemporaryDatabase } from "@atlas/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLibrary } from "../fixtures/queries-library.ts";
import { notes, tasks } from "../fixtures/schema.ts";
import { refusal, untyped, type Untyped } from "../fixtures/untyped.ts";

let library: TemporaryDatabase;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library[Symbol.asyncDispose]());

const start = untyped(from(tasks).select("id"));

/** As many conditions as wanted, the group around them included. */
const conditions = (count: number): Untyped =>
  start["whereAny"]!(
    Array.from({ length: count - 1 }, (_, n) => ({ column: "id", operator: "neq", value: `${n}` })),
  );

/** An order by as many terms as wanted. */
const sorted = (count: number): Untyped =>
  Array.from({ length: count }).reduce<Untyped>((query) => query["orderBy"]!("id"), start);

/** Groups inside groups. */
const deep = (depth: number): object =>
  depth === 1
    ? { column: "id", operator: "eq", value: "root" }
    : { [depth % 2 === 0 ? "any" : "all"]: [deep(depth - 1)] };

/** Queries inside queries. */
const nested = (depth: number, from_: { from: (table: never) => unknown }): Untyped => {
  const name = `n${depth}`;
  const query = untyped(from_.from(alias(notes, name) as never));
  const same = query["where"]!(`${name}.task`, "eq", column("tasks.id"));
  return depth === 1 ? same : same["whereExists"]!((outer: never) => nested(depth - 1, outer));
};

/** Tables joined to the first one. */
const joined = (count: number): Untyped =>
  Array.from({ length: count }, (_, n) => `t${n}`).reduce(
    (query, name) => query["join"]!("left", alias(tasks, name), { [`${name}.id`]: "tasks.parent" }),
    untyped(from(tasks).select("tasks.id")),
  );

/** A named query, read several times. */
const times = (query: Untyped, count: number): Untyped => {
  const table = withTable("inner_query", query as never);
  return Array.from({ length: count - 1 }, (_, n) => `x${n}`).reduce(
    (all, name) => all["join"]!("inner", alias(table, name), { [`${name}.id`]: "inner_query.id" }),
    untyped(from(table))["select"]!("inner_query.id"),
  );
};

/** Named queries of many tables. */
const wide = (tables: number, count: number): Untyped => times(joined(tables - 1), count);

/** Named queries with many conditions. */
const long = (count: number, uses: number): Untyped => times(conditions(count), uses);

/** Named queries that read each other. */
const named = (depth: number): Untyped => {
  let query = untyped(from(tasks).select("id"));
  for (let n = 0; n < depth; n += 1) {
    query = untyped(from(withTable(`w${n}`, query as never)))["select"]!("id");
  }
  return query;
};

const exists = (depth: number): Untyped =>
  start["whereExists"]!((outer: never) => nested(depth, outer));

interface Bound {
  readonly of: string;
  readonly largest: Untyped;
  readonly beyond: Untyped;
  readonly message: string;
}

describe("D1: the largest query that can be built runs, and the next one is refused", () => {
  test.each<Bound>([
    {
      of: "conditions",
      largest: conditions(500),
      beyond: conditions(501),
      message: "500 conditions",
    },
    {
      of: "depth of groups",
      largest: start["where"]!([deep(499)]),
      beyond: start["where"]!([deep(500)]),
      message: "500",
    },
    { of: "terms of an order", largest: sorted(500), beyond: sorted(501), message: "500 terms" },
    {
      of: "queries inside each other",
      largest: exists(16),
      beyond: exists(17),
      message: "16 queries",
    },
    { of: "tables", largest: joined(63), beyond: joined(64), message: "64 tables" },
    {
      of: "tables of named queries",
      largest: wide(16, 4),
      beyond: wide(16, 5),
      message: "64 tables",
    },
    {
      of: "conditions of named queries",
      largest: long(100, 4),
      beyond: long(100, 5),
      message: "500 conditions",
    },
    { of: "named queries", largest: named(16), beyond: named(17), message: "16 queries" },
  ])("$of", async ({ largest, beyond, message }) => {
    expect(await library.database.all(largest.build())).not.toHaveLength(0);
    expect(refusal(() => beyond.build())).toContain(message);
  });

  test("named queries that read each other twice are refused before they grow beyond reason", () => {
    let query = untyped(from(tasks).select("id"));
    const grow = (n: number): void => {
      const name = `w${n}`;
      const table = withTable(name, query as never);
      query = untyped(from(table))["join"]!("inner", alias(table, "again"), {
        "again.id": `${name}.id`,
      })["select"]!(`${name}.id`);
    };
    for (let n = 0; n < 6; n += 1) grow(n);

    expect(() => query.build()).not.toThrow();
    grow(6);
    expect(refusal(() => query.build())).toContain("64 tables");
  });
});
