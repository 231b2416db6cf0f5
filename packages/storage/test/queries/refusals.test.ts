import {
  alias,
  avg,
  column,
  constant,
  count,
  countDistinct,
  from,
  max,
  plus,
  sum,
  unsafeExpression,
  updateTable,
  withRecursive,
  withTable,
} from "@atlas/storage";
import { describe, expect, test } from "vitest";
import { notes, tasks } from "../fixtures/schema.ts";
import { refusal, untyped, type Untyped } from "../fixtures/untyped.ts";

const start = untyped(from(tasks).select("id"));
const grouped = untyped(from(notes).select("task").groupBy("task"));
const recursion = (step: (self: never) => unknown): unknown =>
  withRecursive("below", from(tasks).select("id"), step as never);
const next = (self: never): Untyped =>
  untyped(from(tasks).join("inner", self, { "below.id": "tasks.parent" } as never));

describe("D1: what cannot run is refused by build, which names the part", () => {
  test.each<[string, string, () => unknown]>([
    ["an empty list", "where: the list of id in is empty", () => start["where"]!("id", "in", [])],
    ["an empty list to leave out", "empty", () => start["where"]!("id", "notIn", [])],
    ["a pair of one", "between needs two", () => start["where"]!("id", "between", ["a"])],
    ["a pair with null", "null", () => start["where"]!("id", "between", ["a", null])],
    ["null in a pattern", "isNotNull", () => start["where"]!("name", "notLike", null)],
    ["a pattern for a number", "text", () => start["where"]!("priority", "notLike", "1")],
    ["NaN", "where", () => start["where"]!("weight", "eq", Number.NaN)],
    ["an object for a text", "where", () => start["where"]!("name", "eq", { a: 1 })],
    ["true for a text", "where", () => start["where"]!("name", "eq", true)],
    [
      "a column of another type",
      "not compared",
      () => start["where"]!("name", "eq", column("priority")),
    ],
    ["an unknown column beside", "nope", () => start["where"]!("name", "eq", column("nope"))],
    [
      "a query of another type",
      "not compared",
      () => start["where"]!("id", "in", from(notes).select("seq")),
    ],
    [
      "a query of two columns",
      "in: its query selects more",
      () => start["where"]!("id", "in", from(notes).select("task", "body")),
    ],
    [
      "a query that may return null, to be left out",
      "notExists",
      () => start["where"]!("id", "notIn", from(tasks).select("parent")),
    ],
    [
      "a query that may return null because of a join",
      "notExists",
      () =>
        start["where"]!(
          "id",
          "notIn",
          from(tasks).join("left", notes, { "notes.task": "tasks.id" }).select("task"),
        ),
    ],
    ["a condition of nothing", "where", () => start["where"]!([{}])],
    ["a condition of two kinds", "where", () => start["where"]!([{ any: [], all: [] }])],
    ["a condition that is a text", "where", () => start["where"]!(["id = 1"])],
    ["an empty group", "empty", () => start["where"]!([{ any: [] }])],
    ["exists of nothing", "exists", () => start["whereExists"]!("notes")],
    ["exists of a table", "exists", () => start["whereExists"]!(() => notes)],
    [
      "exists of a built query",
      "notExists",
      () => start["whereNotExists"]!(() => from(notes).select("task").build()),
    ],
    [
      "exists with columns",
      "exists",
      () =>
        start["whereExists"]!((outer: never) => untyped(outer)["from"]!(notes)["select"]!("task")),
    ],
    [
      "the same table inside and outside",
      "alias",
      () => start["whereExists"]!((outer: never) => untyped(outer)["from"]!(tasks)),
    ],
    [
      "an aggregate of the outer query",
      "outer query",
      () =>
        start["whereExists"]!((outer: never) =>
          untyped(outer)["from"]!(notes)["groupBy"]!("task")["having"]!(
            max("tasks.priority"),
            "gt",
            1,
          ),
        ),
    ],
    ["having without groupBy", "having", () => start["having"]!(count(), "gt", 1)],
    ["having a column", "having", () => grouped["having"]!("task", "eq", "a")],
    [
      "having an unknown aggregate",
      "having",
      () => grouped["having"]!({ aggregate: "x" }, "gt", 1),
    ],
    ["having an unknown operator", "having", () => grouped["having"]!(count(), "~", 1)],
    ["having null", "isNull", () => grouped["having"]!(max("body"), "eq", null)],
    ["a mean of texts", "avg", () => start["select"]!({ n: avg("name") })],
    ["different json", "countDistinct", () => start["select"]!({ n: countDistinct("tags") })],
    ["a sum outside the group", "groupBy", () => grouped["select"]!({ n: plus("seq", 1) })],
    ["an order by an aggregate alone", "groupBy", () => start["orderBy"]!(count())],
    ["an unknown place for null", "orderBy", () => start["orderBy"]!("id", "asc", "middle")],
    ["an order that is a number", "orderBy", () => start["orderBy"]!(1)],
    [
      "an order by what distinct rows do not have",
      "distinct",
      () => start["distinct"]!()["orderBy"]!("name"),
    ],
    ["a fraction more of an integer", "plus", () => start["select"]!({ n: plus("priority", 0.5) })],
    ["more of a text", "plus", () => start["select"]!({ n: plus("name", 1) })],
    [
      "SQL without its value",
      "unsafe",
      () => start["select"]!({ n: unsafeExpression("text", "?") }),
    ],
    [
      "SQL of an unknown type",
      "unsafe",
      () => start["select"]!({ n: unsafeExpression("date" as "text", "1") }),
    ],
    ["a number for a column", "select", () => start["select"]!(1)],
    ["null for a column", "select", () => start["select"]!(null)],
    [
      "a name twice but for case",
      "alias",
      () => start["join"]!("inner", alias(tasks, "TASKS"), { "TASKS.id": "tasks.parent" }),
    ],
    [
      "a table that looks like a named query",
      "from",
      () => from({ kind: "with", name: "tasks" } as never),
    ],
    [
      "a column that nobody declared",
      "no column",
      () => {
        const forged = { ...tasks, columns: { 'a" --': { type: "text" } } } as never;
        return untyped(from(forged))["select"]!('a" --');
      },
    ],
    [
      "a join of json",
      "join",
      () =>
        untyped(from(tasks).select("tasks.id"))["join"]!("inner", alias(tasks, "t"), {
          "t.tags": "tasks.tags",
        }),
    ],
  ])("%s", (_, part, build) => {
    expect(refusal(() => untyped(build())["build"]?.())).toContain(part);
  });

  test("numbers that constant and plus cannot hold", () => {
    expect(refusal(() => constant(Number.NaN))).toContain("constant");
    expect(refusal(() => plus("priority", Infinity))).toContain("plus");
  });

  test.each<[string, string, () => unknown]>([
    ["a name that is no identifier", "with", () => withTable('a"', from(tasks).select("id"))],
    ["a name of the database", "with", () => withTable("sqlite_x", from(tasks).select("id"))],
    ["something that is no query", "with", () => withTable("a", tasks as never)],
    [
      "columns that differ in case",
      "case",
      () => withTable("a", from(tasks).select({ x: "id", X: "name" })),
    ],
    [
      "the name of a table of the query",
      "with",
      () =>
        from(withTable("TASKS", from(tasks).select("id")))
          .select("id")
          .build(),
    ],
    [
      "two queries of one name",
      "two queries",
      () => {
        const a = withTable("a", from(tasks).select("id"));
        const other = withTable("A", from(notes).select("task"));
        return from(a).join("inner", alias(other, "b"), { "b.task": "a.id" }).select("id").build();
      },
    ],
    ["a step that reads nothing", "exactly once", () => recursion(() => from(tasks).select("id"))],
    [
      "a step in an outer join",
      "inner joins",
      () =>
        recursion((self) =>
          from(tasks)
            .join("left", self, { "below.id": "tasks.parent" } as never)
            .select("tasks.id"),
        ),
    ],
    ["a step with other columns", "columns", () => recursion((s) => next(s)["select"]!("name"))],
    [
      "a step that may find null",
      "columns",
      () => recursion((s) => next(s)["select"]!({ id: "tasks.parent" })),
    ],
    [
      "a step that groups",
      "groups",
      () => recursion((s) => next(s)["select"]!("tasks.id")["groupBy"]!("tasks.id")),
    ],
    [
      "a step that computes over groups",
      "groups",
      () =>
        withRecursive("below", from(tasks).select({ id: "parent" }), ((s: never) =>
          next(s)["select"]!({ id: max("tasks.parent") })) as never),
    ],
    [
      "a step that is limited",
      "limited",
      () => recursion((s) => next(s)["select"]!("tasks.id")["orderBy"]!("tasks.id")["limit"]!(1)),
    ],
    [
      "a start that is sorted",
      "sorted",
      () =>
        withRecursive("below", from(tasks).select("id").orderBy("id"), ((s: never) =>
          next(s)["select"]!("tasks.id")) as never),
    ],
    [
      "a step that reads itself in a condition",
      "only once",
      () =>
        recursion((s) =>
          next(s)["select"]!("tasks.id")["whereExists"]!((outer: never) =>
            untyped(outer)["from"]!(alias(s, "again"))["where"]!("again.id", "eq", "a"),
          ),
        ),
    ],
    [
      "what a step was given, elsewhere",
      "only once",
      () => {
        let leaked: unknown;
        recursion((s) => {
          leaked = s;
          return next(s)["select"]!("tasks.id");
        });
        return untyped(from(leaked as never))["select"]!("id")["build"]();
      },
    ],
  ])("a named query: %s", (_, part, build) => {
    expect(refusal(build)).toContain(part);
  });

  test.each<[string, string, object]>([
    ["a column of another type", "type", { name: column("priority") }],
    ["a column that may be null", "nullable", { name: column("parent") }],
    ["an unknown column", "nope", { name: column("nope") }],
    ["one column under two names", "twice", { name: "a", "tasks.name": "b" }],
  ])("a change to %s", (_, part, set) => {
    const change = (): unknown =>
      untyped(untyped(updateTable(tasks))["set"]!(set))["everywhere"]!().build();

    expect(refusal(change)).toContain(part);
  });

  test("a sum that is not one", () => {
    expect(refusal(() => start["select"]!({ n: sum(undefined as never) }).build())).toContain(
      "sum",
    );
  });
});
