import {
  alias,
  constant,
  count,
  from,
  max,
  param,
  plus,
  withRecursive,
  withTable,
} from "@atlas/storage";
import type { TemporaryDatabase } from "@atlas/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLibrary } from "../fixtures/queries-library.ts";
import { notes, tasks } from "../fixtures/schema.ts";

let library: TemporaryDatabase;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library[Symbol.asyncDispose]());

const ids = from(tasks).select("id").orderBy("id");

describe("D1: queries with names", () => {
  const perTask = withTable(
    "per_task",
    from(notes)
      .select("task", { n: count() })
      .where("body", "like", param("pattern"))
      .groupBy("task"),
  );

  test("one is read like a table, twice if need be, and stated once", async () => {
    const query = from(tasks)
      .join("left", perTask, { "per_task.task": "tasks.id" })
      .join("left", alias(perTask, "parents"), { "parents.task": "tasks.parent" })
      .select("id", "per_task.n", { above: "parents.n" })
      .where("priority", "gte", param("least"))
      .orderBy("id")
      .build();

    expect(query.sql.match(/WITH/g)).toHaveLength(1);
    expect(await library.database.all(query, { pattern: "%", least: 2 })).toEqual([
      { id: "leaf", n: null, above: 2 },
      { id: "left", n: 2, above: null },
      { id: "lone", n: 1, above: null },
      { id: "right", n: null, above: null },
    ]);
  });

  test("one may read another, which then comes first", async () => {
    const busiest = withTable("busiest", from(perTask).select({ most: max("n") }));
    const query = from(perTask)
      .join("inner", busiest, { "busiest.most": "per_task.n" })
      .select("task")
      .build();

    expect(query.sql.indexOf('"per_task" (')).toBeLessThan(query.sql.indexOf('"busiest" ('));
    expect(await library.database.all(query, { pattern: "%" })).toEqual([{ task: "left" }]);
  });

  test("booleans and json keep their types", async () => {
    const copies = withTable("copies", from(tasks).select("id", "done", "tags"));
    const query = from(copies).select("done", "tags").where("done", "eq", true).orderBy("id");

    expect(await library.database.all(query.build())).toEqual([
      { done: true, tags: ["leaf"] },
      { done: true, tags: ["right"] },
    ]);
  });

  test("a recursive one follows references upwards, counting", async () => {
    const ancestors = withRecursive(
      "ancestors",
      from(tasks)
        .select("id", "parent", { depth: constant(0) })
        .where("id", "eq", param("id")),
      (self) =>
        from(tasks)
          .join("inner", self, { "ancestors.parent": "tasks.id" })
          .select("tasks.id", "tasks.parent", { depth: plus("ancestors.depth", 1) })
          .where("ancestors.depth", "lt", param("depthMax")),
    );
    const query = from(ancestors).select("id", "depth").orderBy("depth").build();

    expect(query.sql.startsWith('WITH RECURSIVE "ancestors" ("id", "parent", "depth") AS')).toBe(
      true,
    );
    expect(await library.database.all(query, { id: "leaf", depthMax: 5 })).toEqual([
      { id: "leaf", depth: 0 },
      { id: "left", depth: 1 },
      { id: "root", depth: 2 },
    ]);
    expect(await library.database.all(query, { id: "leaf", depthMax: 1 })).toHaveLength(2);
  });

  test("a recursion ends in a circle", async () => {
    await using temporary = await openLibrary();
    const { database } = temporary;
    await database.write((connection) =>
      connection.execute("update tasks set parent = 'leaf' where id = 'root'"),
    );
    const below = withRecursive(
      "below",
      from(tasks).select("id").where("id", "eq", "root"),
      (self) => from(tasks).join("inner", self, { "below.id": "tasks.parent" }).select("tasks.id"),
    );

    const rows = await database.all(from(below).select("id").orderBy("id").build());

    expect(rows.map(({ id }) => id)).toEqual(["leaf", "left", "right", "root"]);
  });

  test("one stands in a condition of a change as well", async () => {
    const query = ids.where("id", "in", from(perTask).select("task")).build();

    expect(await library.database.all(query, { pattern: "sec%" })).toEqual([{ id: "left" }]);
  });
});
