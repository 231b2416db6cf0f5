/**
 * Checked by the compiler only: what must compile, and what must not. Each
 * `@ts-expect-error` fails the check when the line below it starts to compile.
 */
import type { Connection, Database, JsonColumn, Query, RowOf } from "@atlas/storage";
import {
  alias,
  count,
  defineTable,
  deleteFrom,
  from,
  insertInto,
  max,
  param,
  plus,
  sqlQuery,
  sum,
  updateTable,
  upsert,
} from "@atlas/storage";

const tasks = defineTable("tasks", {
  columns: {
    id: { type: "text" },
    name: { type: "text" },
    parent: { type: "text", nullable: true },
    priority: { type: "integer", default: 0 },
    done: { type: "boolean", default: false },
    tags: { type: "json", default: "[]" } as JsonColumn<string[]> & { default: string },
    weight: { type: "real", nullable: true },
  },
  primaryKey: ["id"],
});

const notes = defineTable("notes", {
  columns: {
    seq: { type: "integer", increments: true },
    task: { type: "text" },
    body: { type: "text" },
  },
  primaryKey: ["seq"],
});

declare const database: Database;
declare const connection: Connection;

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(equal: Same<A, B>): void;

// Rows follow the selection.
const byId = from(tasks)
  .select("id", "priority", "done", "tags")
  .where("id", "eq", param("id"))
  .build();
type ById = typeof byId extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<
  ById,
  [
    {
      readonly id: string;
      readonly priority: number;
      readonly done: boolean;
      readonly tags: string[];
    },
    { readonly id: string },
  ]
>(true);
void database.get(byId, { id: "a" });
// @ts-expect-error: the value is missing
void database.get(byId);
// @ts-expect-error: the value is of the wrong type
void database.get(byId, { id: 1 });
// @ts-expect-error: the value has the wrong name
void database.get(byId, { key: "a" });
void database.all(from(tasks).select("id").build());

// Columns and operands are checked.
// @ts-expect-error: no such column
from(tasks).select("nope");
// @ts-expect-error: no such column
from(tasks).where("nope", "eq", 1);
// @ts-expect-error: a text column is not compared with a number
from(tasks).where("name", "eq", 1);
// @ts-expect-error: null is asked for with isNull
from(tasks).where("parent", "eq", null);
from(tasks).where("parent", "isNull");
// @ts-expect-error: like is for texts
from(tasks).where("priority", "like", "1%");
// @ts-expect-error: json is not compared
from(tasks).where("tags", "eq", "[]");
// @ts-expect-error: no such operator
from(tasks).where("name", "contains", "a");
from(tasks).where("priority", "in", [1, 2]);
// @ts-expect-error: a list of the wrong type
from(tasks).where("priority", "in", ["a"]);
// @ts-expect-error: no such column
from(tasks).orderBy("nope");
// @ts-expect-error: no such column
from(tasks).groupBy("nope");

// Lists of conditions, and placeholders in them.
const several = from(tasks)
  .select("id")
  .where([
    { column: "priority", operator: "gte", value: param("least") },
    { column: "done", operator: "eq", value: false },
    { column: "parent", operator: "isNull" },
  ])
  .whereAny([
    { column: "name", operator: "like", value: param("pattern") },
    { column: "id", operator: "in", value: param("ids") },
  ])
  .orderBy("priority", "desc")
  .limit(param("count"))
  .build();
type Several = typeof several extends Query<infer _, infer Values> ? Values : never;
same<
  Several,
  {
    readonly least: number;
    readonly pattern: string;
    readonly ids: readonly string[];
    readonly count: number;
  }
>(true);
// @ts-expect-error: a condition of the wrong type
from(tasks).where([{ column: "done", operator: "eq", value: 1 }]);

// Joins: ambiguous names do not compile, optional sides are nullable.
const joined = from(tasks)
  .join("left", alias(tasks, "parents"), { "parents.id": "tasks.parent" })
  .select("tasks.id", { parentName: "parents.name" })
  .build();
type Joined = typeof joined extends Query<infer Row, infer _> ? Row : never;
same<Joined, { readonly id: string; readonly parentName: string | null }>(true);
const right = from(tasks)
  .join("right", notes, { "notes.task": "tasks.id" })
  .select("name", "body")
  .build();
type Right = typeof right extends Query<infer Row, infer _> ? Row : never;
same<Right, { readonly name: string | null; readonly body: string }>(true);
// @ts-expect-error: both sides have an id
from(tasks).join("inner", alias(tasks, "parents"), { "parents.id": "tasks.parent" }).select("id");
// @ts-expect-error: no such column on the right
from(tasks).join("inner", notes, { "notes.nope": "tasks.id" });

// Aggregates.
const grouped = from(tasks)
  .select("parent", { n: count(), total: sum("priority"), last: max("name") })
  .groupBy("parent")
  .build();
type Grouped = typeof grouped extends Query<infer Row, infer _> ? Row : never;
same<
  Grouped,
  {
    readonly parent: string | null;
    readonly n: number;
    readonly total: number | null;
    readonly last: string | null;
  }
>(true);

// Writing.
const insert = insertInto(tasks).columns("id", "name", "tags").build();
void connection.run(insert, { id: "a", name: "b", tags: ["x"] });
void connection.runMany(insert, [{ id: "a", name: "b", tags: [] }]);
// @ts-expect-error: a column is missing
void connection.run(insert, { id: "a", name: "b" });
// @ts-expect-error: tags are texts
void connection.run(insert, { id: "a", name: "b", tags: [1] });
// @ts-expect-error: no such column
insertInto(tasks).columns("id", "name", "nope");
const returned = insertInto(notes).columns("task", "body").returning("seq").build();
type Returned = typeof returned extends Query<infer Row, infer _> ? Row : never;
same<Returned, { readonly seq: number }>(true);

const update = updateTable(tasks)
  .set({ name: param("newName"), priority: plus(1), done: true })
  .where("id", "eq", param("id"))
  .build();
void connection.run(update, { id: "a", newName: "b" });
// @ts-expect-error: the new name is missing
void connection.run(update, { id: "a" });
// @ts-expect-error: a text column is not set to a number
updateTable(tasks).set({ name: 1 });
// @ts-expect-error: only numbers are added to
updateTable(tasks).set({ name: plus(1) });
// @ts-expect-error: the name is not nullable
updateTable(tasks).set({ name: null });
updateTable(tasks).set({ parent: null });

const remove = deleteFrom(tasks).where("id", "eq", param("id")).build();
void connection.run(remove, { id: "a" });
// @ts-expect-error: the id is missing
void connection.run(remove);

const replace = upsert(tasks).columns("id", "name").build();
void connection.run(replace, { id: "a", name: "b" });
// @ts-expect-error: the key is not among the columns of the table
upsert(tasks).columns("id", "name").key("nope");

// SQL text: the types are the caller's word.
const text = sqlQuery<{ n: number }, { least: number }>("select 1 as n where 1 > :least");
void database.get(text, { least: 0 });
// @ts-expect-error: the value is missing
void database.get(text);

// Rows of a table.
same<RowOf<typeof notes>, { readonly seq: number; readonly task: string; readonly body: string }>(
  true,
);

// @ts-expect-error: the primary key is not a column
defineTable("x", { columns: { id: { type: "text" } }, primaryKey: ["nope"] });
// @ts-expect-error: no such type
defineTable("x", { columns: { id: { type: "date" } }, primaryKey: ["id"] });
