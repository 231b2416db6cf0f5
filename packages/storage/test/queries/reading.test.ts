import {
  alias,
  avg,
  column,
  constant,
  count,
  countDistinct,
  from,
  max,
  param,
  plus,
  type Query,
  sum,
  unsafeExpression,
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

/** The first column of every row. */
async function firsts(query: Query<object>): Promise<unknown[]> {
  const rows = await library.database.all(query);
  return rows.map((row) => Object.values(row)[0]);
}

const ids = from(tasks).select("id").orderBy("id");

describe("D1: conditions", () => {
  test("groups stand inside each other as deep as they are written", async () => {
    const query = ids
      .whereAny([
        { column: "id", operator: "eq", value: "root" },
        {
          all: [
            { column: "priority", operator: "gte", value: 2 },
            {
              any: [
                { column: "parent", operator: "isNull" },
                { column: "id", operator: "like", value: "lea%" },
              ],
            },
          ],
        },
      ])
      .build();

    expect(await firsts(query)).toEqual(["leaf", "lone", "root"]);
    expect(query.sql).toContain(
      `WHERE ("id" = ? OR ("priority" >= ? AND ("parent" IS NULL OR "id" LIKE ? ESCAPE '\\')))`,
    );
  });

  test("lists, pairs and patterns can be left out as well as kept", async () => {
    expect(await firsts(ids.where("id", "notIn", ["root", "lone"]).build())).toEqual([
      "leaf",
      "left",
      "right",
    ]);
    expect(await firsts(ids.where("priority", "between", [2, 3]).build())).toEqual([
      "left",
      "lone",
      "right",
    ]);
    expect(await firsts(ids.where("id", "notLike", "l%").build())).toEqual(["right", "root"]);
    expect(await firsts(ids.where("done", "between", [true, true]).build())).toEqual([
      "leaf",
      "right",
    ]);
  });

  test("a column is compared with another one of the same row", async () => {
    expect(await firsts(ids.where("weight", "lt", column("priority")).build())).toEqual([
      "left",
      "lone",
      "right",
    ]);
  });

  test("exists asks another table about each row, in both directions", async () => {
    const noted = ids.whereExists((outer) =>
      outer
        .from(notes)
        .where("notes.task", "eq", column("tasks.id"))
        .where("body", "eq", param("body")),
    );
    const childless = ids.whereNotExists((outer) =>
      outer.from(alias(tasks, "child")).where("child.parent", "eq", column("tasks.id")),
    );

    const { database } = library;
    expect(await database.all(noted.build(), { body: "first" })).toEqual([
      { id: "left" },
      { id: "lone" },
    ]);
    expect(await database.all(noted.build(), { body: "second" })).toEqual([{ id: "left" }]);
    expect(await firsts(childless.build())).toEqual(["leaf", "lone", "right"]);
  });

  test("exists stands in groups, and inside another exists", async () => {
    const query = ids
      .whereAny([
        { column: "id", operator: "eq", value: "right" },
        {
          exists: (outer) =>
            outer
              .from(alias(tasks, "child"))
              .where("child.parent", "eq", column("tasks.id"))
              .whereExists((inner) =>
                inner
                  .from(notes)
                  .where("notes.task", "eq", column("child.id"))
                  .where("tasks.priority", "eq", 1),
              ),
        },
        {
          notExists: (outer) =>
            outer.from(alias(tasks, "other")).where("other.weight", "gt", column("tasks.weight")),
        },
      ])
      .where("weight", "isNotNull")
      .build();

    expect(await firsts(query)).toEqual(["right"]);
  });

  test("a list can be a query of one column", async () => {
    const noted = from(notes).select("task").where("body", "eq", "second");

    expect(await firsts(ids.where("id", "in", noted).build())).toEqual(["left"]);
    expect(await firsts(ids.where("id", "notIn", noted).build())).toHaveLength(4);
    expect(await firsts(ids.where("id", "in", from(tasks).select("parent")).build())).toEqual([
      "left",
      "root",
    ]);
  });

  test("half a character in a list finds what the driver made of it", async () => {
    await using temporary = await openLibrary();
    const { database } = temporary;
    const half = "\ud800";
    await database.write((connection) =>
      connection.execute("insert into notes (task, body) values ('lone', ?)", [half]),
    );

    const bodies = from(notes).select("body");
    expect(await database.all(bodies.where("body", "eq", half).build())).toHaveLength(1);
    expect(await database.all(bodies.where("body", "in", [half, "x"]).build())).toHaveLength(1);
  });
});

describe("D1: results", () => {
  test("aggregates count, average, and choose the groups that are kept", async () => {
    const query = from(notes)
      .select("task", { n: count(), texts: countDistinct("body"), mean: avg("seq") })
      .groupBy("task")
      .having(count(), "gt", 1)
      .having(max("body"), "like", "sec%")
      .build();

    expect(await library.database.all(query)).toEqual([
      { task: "left", n: 2, texts: 2, mean: 1.5 },
    ]);
    const texts = from(notes)
      .select({ n: countDistinct("body") })
      .build();
    expect(await library.database.get(texts)).toEqual({ n: 2 });
  });

  test("groups are sorted by what was computed", async () => {
    const query = from(notes)
      .select("task")
      .groupBy("task")
      .orderBy(count(), "desc")
      .orderBy(sum("seq"))
      .limit(1)
      .build();

    expect(await firsts(query)).toEqual(["left"]);
  });

  test("an order by a column means the column, whatever the result calls it", async () => {
    const query = from(tasks).select({ id: "priority", key: "id" }).orderBy("id").build();

    expect(query.sql).toContain('ORDER BY "tasks"."id"');
    expect((await library.database.all(query)).map(({ key }) => key)).toEqual([
      "leaf",
      "left",
      "lone",
      "right",
      "root",
    ]);
  });

  test("rows without a value come first or last as asked", async () => {
    const weights = from(tasks).select("weight");

    expect(await firsts(weights.orderBy("weight", "asc", "last").build())).toEqual([
      0.5,
      1.5,
      2.5,
      null,
      null,
    ]);
    expect(await firsts(weights.orderBy("weight", "desc", "first").build())).toEqual([
      null,
      null,
      2.5,
      1.5,
      0.5,
    ]);
  });

  test("distinct rows are returned once", async () => {
    const query = from(notes).select("body").distinct().orderBy("body").build();

    expect(query.sql).toContain("SELECT DISTINCT");
    expect(await firsts(query)).toEqual(["first", "second"]);
  });

  test("constants, sums and SQL are columns of the result", async () => {
    const query = from(tasks)
      .select({ kind: constant("task"), one: constant(1), half: constant(0.5) })
      .select({ next: plus("priority", 1), heavier: plus("weight", 0.25) })
      .select({ length: unsafeExpression("integer", "length(name) + ?", [1]) })
      .select({ even: unsafeExpression("boolean", "priority % 2 = 0") })
      .where("id", "eq", "left")
      .orderBy(unsafeExpression("text", "lower(name)"))
      .build();

    expect(await library.database.get(query)).toEqual({
      kind: "task",
      one: 1,
      half: 0.5,
      next: 3,
      heavier: 1.75,
      length: 10,
      even: true,
    });
  });

  test("a sum of an integer column loses no digits", async () => {
    await using temporary = await openLibrary();
    const { database } = temporary;
    const largest = Number.MAX_SAFE_INTEGER;
    await database.write((connection) =>
      connection.execute("update tasks set priority = ?", [BigInt(largest - 1)]),
    );
    const next = (amount: number): Query<{ n: number }> =>
      from(tasks)
        .select({ n: plus("priority", amount) })
        .where("id", "eq", "root")
        .build();

    expect(await database.get(next(1))).toEqual({ n: largest });
    await expect(database.get(next(2))).rejects.toMatchObject({
      code: "storage.integer_too_large",
    });
  });
});
