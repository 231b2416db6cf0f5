import { alias, count, escapeLike, from, max, min, param, sum } from "@atlas/storage";
import { describe, expect, test } from "vitest";
import { notes, tasks } from "./fixtures/schema.ts";
import { refusal, untyped } from "./fixtures/untyped.ts";

describe("D1: queries that read", () => {
  test("every part has its place in the text, and values have theirs beside it", () => {
    const query = from(tasks)
      .select("id", { n: "priority" })
      .where("name", "like", "a%")
      .where([
        { column: "priority", operator: "gte", value: 1 },
        { column: "parent", operator: "isNull" },
      ])
      .whereAny([
        { column: "done", operator: "eq", value: true },
        { column: "id", operator: "in", value: ["x", "y"] },
      ])
      .orderBy("priority", "desc")
      .orderBy("id")
      .limit(10)
      .offset(5)
      .build();

    expect(query.sql).toBe(
      'SELECT "id" AS "id", "priority" AS "n" FROM "tasks" ' +
        `WHERE "name" LIKE ? ESCAPE '\\' AND "priority" >= ? AND "parent" IS NULL ` +
        'AND ("done" = ? OR "id" IN (SELECT value FROM json_each(?))) ' +
        'ORDER BY "priority" DESC, "id" LIMIT ? OFFSET ?',
    );
    expect(query.params).toEqual(["a%", 1, 1, '["x","y"]', 10, 5]);
  });

  test.each(["eq", "neq", "gt", "gte", "lt", "lte"] as const)("the operator %s", (operator) => {
    const sign = { eq: "=", neq: "<>", gt: ">", gte: ">=", lt: "<", lte: "<=" }[operator];

    const { sql } = from(tasks).select("id").where("priority", operator, 1).build();

    expect(sql).toBe(`SELECT "id" AS "id" FROM "tasks" WHERE "priority" ${sign} ?`);
  });

  test("joins match declared columns, and a table may occur twice under another name", () => {
    const { sql } = from(tasks)
      .join("left", alias(tasks, "parents"), { "parents.id": "tasks.parent" })
      .join("inner", notes, { "notes.task": "tasks.id" })
      .select("tasks.id", { parentName: "parents.name" }, "body")
      .build();

    expect(sql).toBe(
      'SELECT "tasks"."id" AS "id", "parents"."name" AS "parentName", "notes"."body" AS "body" ' +
        'FROM "tasks" LEFT JOIN "tasks" AS "parents" ON "parents"."id" = "tasks"."parent" ' +
        'INNER JOIN "notes" ON "notes"."task" = "tasks"."id"',
    );
    expect(
      from(tasks).join("right", notes, { "notes.task": "tasks.id" }).select("body").build().sql,
    ).toContain('RIGHT JOIN "notes"');
  });

  test("aggregates are computed per group", () => {
    const { sql } = from(tasks)
      .select("parent", { n: count(), named: count("name"), all: sum("priority") })
      .select({ least: min("name"), most: max("priority") })
      .groupBy("parent")
      .orderBy("parent")
      .build();

    expect(sql).toBe(
      'SELECT "parent" AS "parent", count(*) AS "n", count("name") AS "named", ' +
        'sum("priority") AS "all", min("name") AS "least", max("priority") AS "most" ' +
        'FROM "tasks" GROUP BY "parent" ORDER BY "parent"',
    );
  });

  test("placeholders become values of the same type, mapped like the column", () => {
    const query = from(tasks)
      .select("id")
      .where("done", "eq", param("done"))
      .where("priority", "in", param("priorities"))
      .orderBy("id")
      .limit(param("count"))
      .build();
    const encoded = (at: number, value: unknown): unknown =>
      (query.params[at] as unknown as { encode: (given: unknown) => unknown }).encode(value);

    expect(encoded(0, true)).toBe(1);
    expect(encoded(1, [1, 2])).toBe("[1,2]");
    expect(encoded(2, 3)).toBe(3);
    expect(() => encoded(0, "yes")).toThrow(
      expect.objectContaining({ code: "storage.value_invalid" }),
    );
    expect(() => encoded(1, [null])).toThrow(
      expect.objectContaining({ code: "storage.value_invalid" }),
    );
    expect(() => encoded(2, -1)).toThrow(
      expect.objectContaining({ code: "storage.query_invalid" }),
    );
  });

  test("a builder is immutable: each call starts from what it was called on", () => {
    const base = from(tasks).select("id");
    base.where("priority", "eq", 1).orderBy("id").limit(1);

    expect(base.build().sql).toBe('SELECT "id" AS "id" FROM "tasks"');
    expect(Object.isFrozen(base.build())).toBe(true);
  });

  test("unsafeWhere takes SQL, whose ? must have values", () => {
    const query = from(tasks)
      .select("id")
      .unsafeWhere("length(name) > ? or 'a?' = ?", [param("least"), "x"])
      .build();

    expect(query.sql).toContain("WHERE (length(name) > ? or 'a?' = ?)");
    expect(query.params).toEqual([{ placeholder: "least" }, "x"]);
    expect(refusal(() => from(tasks).unsafeWhere("a = ?"))).toContain("unsafeWhere");
  });

  test("booleans and json come back as what they are", () => {
    const { decode } = from(tasks).select("id", "done", { labels: "tags" }).build();

    expect(decode?.({ id: "a", done: 1, labels: '["x"]' })).toEqual({
      id: "a",
      done: true,
      labels: ["x"],
    });
    expect(() => decode?.({ id: "a", done: 2, labels: "[]" })).toThrow(
      expect.objectContaining({ code: "storage.row_invalid" }),
    );
    expect(() => decode?.({ id: "a", done: 0, labels: "[" })).toThrow(
      expect.objectContaining({ code: "storage.row_invalid" }),
    );
    expect(from(tasks).select("id").build().decode).toBeUndefined();
  });

  test("a text that becomes part of a pattern can be made literal", () => {
    expect(escapeLike("50%_\\")).toBe("50\\%\\_\\\\");
  });
});

describe("D1: queries that cannot be built name the part that is wrong", () => {
  const start = untyped(from(tasks));
  const joined = untyped(from(tasks).join("inner", alias(tasks, "p"), { "p.id": "tasks.parent" }));

  test.each<[string, string, () => unknown]>([
    ["nothing selected", "select", () => start["orderBy"]!("id").build()],
    ["an unknown column", "select", () => start["select"]!("nope").build()],
    ["a column of Object", "select", () => start["select"]!("constructor").build()],
    ["a column that is no text", "select", () => start["select"]!({ a: 1 }).build()],
    ["an ambiguous column", "ambiguous", () => joined["select"]!("id").build()],
    ["a name twice", "select", () => joined["select"]!("tasks.id", "p.id").build()],
    ["a quoted name", "select", () => start["select"]!({ 'a"': "id" }).build()],
    ["a limit without order", "limit", () => start["select"]!("id")["limit"]!(1).build()],
    ["an offset without limit", "offset", () => start["select"]!("id")["offset"]!(1).build()],
    [
      "a negative limit",
      "limit",
      () => start["select"]!("id")["orderBy"]!("id")["limit"]!(-1).build(),
    ],
    [
      "null compared",
      "isNull",
      () => start["select"]!("id")["where"]!("parent", "eq", null).build(),
    ],
    [
      "null compared for difference",
      "isNotNull",
      () => start["select"]!("id")["where"]!("parent", "neq", null).build(),
    ],
    ["no operator", "where", () => start["where"]!("id")],
    ["an unknown operator", "where", () => start["select"]!("id")["where"]!("id", "~", 1).build()],
    [
      "an operator of Object",
      "where",
      () => start["select"]!("id")["where"]!("id", "toString", 1).build(),
    ],
    ["no value", "where", () => start["select"]!("id")["where"]!("id", "eq").build()],
    ["no conditions", "where", () => start["select"]!("id")["where"]!([]).build()],
    ["conditions that are no list", "where", () => start["where"]!({})],
    ["json compared", "json", () => start["select"]!("id")["where"]!("tags", "eq", "").build()],
    [
      "bytes in a list",
      "blob",
      () => start["select"]!("id")["where"]!("picture", "in", []).build(),
    ],
    [
      "like on a number",
      "like",
      () => start["select"]!("id")["where"]!("priority", "like", "1").build(),
    ],
    [
      "an unknown direction",
      "orderBy",
      () => start["select"]!("id")["orderBy"]!("id", "up").build(),
    ],
    ["a column outside the group", "groupBy", () => start["select"]!("id", { n: count() }).build()],
    [
      "an order outside the group",
      "orderBy",
      () => start["select"]!({ n: count() })["groupBy"]!("parent")["orderBy"]!("id").build(),
    ],
    ["a sum of texts", "sum", () => start["select"]!({ n: sum("name") }).build()],
    ["a maximum of json", "json", () => start["select"]!({ n: max("tags") }).build()],
    ["a sum of nothing", "sum", () => start["select"]!({ n: { aggregate: "sum" } }).build()],
    ["an unknown aggregate", "select", () => start["select"]!({ n: { aggregate: "x" } }).build()],
    [
      "a join that matches nothing",
      "join",
      () => start["join"]!("inner", notes, {})["select"]!("body").build(),
    ],
    [
      "a join of different types",
      "join",
      () => start["join"]!("inner", notes, { "notes.seq": "tasks.id" })["select"]!("body").build(),
    ],
    [
      "an unknown kind of join",
      "join",
      () => start["join"]!("cross", notes, { "notes.task": "tasks.id" })["select"]!("body").build(),
    ],
    [
      "a table twice",
      "join",
      () =>
        start["join"]!("inner", tasks, { "tasks.id": "tasks.id" })["select"]!("tasks.id").build(),
    ],
    ["a quoted alias", "alias", () => from(alias(tasks, 'a"')).select().build()],
    ["a quoted placeholder", "placeholder", () => param('a"')],
  ])("%s", (_, part, build) => {
    expect(refusal(build)).toContain(part);
  });
});
