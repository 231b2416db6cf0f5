/**
 * Checked by the compiler only: what must compile, and what must not, of queries
 * inside queries, groups, computed columns and changes. Each `@ts-expect-error`
 * fails the check when the line below it starts to compile.
 */
import type { Query } from "@atlas/storage";
import {
  alias,
  avg,
  column,
  constant,
  count,
  countDistinct,
  deleteFrom,
  from,
  max,
  param,
  plus,
  sum,
  unsafeExpression,
  updateTable,
  withRecursive,
  withTable,
} from "@atlas/storage";
import { notes, tasks } from "../fixtures/schema.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(equal: Same<A, B>): void;

// Aggregates take the columns that have them.
// @ts-expect-error: texts have no sum
from(tasks).select({ all: sum("name") });
// @ts-expect-error: texts have no mean
from(tasks).select({ mean: avg("name") });
// @ts-expect-error: json has no largest value
from(tasks).select({ most: max("tags") });
// @ts-expect-error: no such column
from(tasks).select({ n: countDistinct("nope") });

// Groups that are kept, and orders by what was computed.
const busy = from(notes)
  .select("task", { n: count(), mean: avg("seq"), texts: countDistinct("body") })
  .groupBy("task")
  .having(count(), "gte", param("least"))
  .having(max("body"), "like", param("pattern"))
  .having(avg("seq"), "isNotNull")
  .orderBy(count(), "desc")
  .orderBy("task", "asc", "last")
  .build();
type Busy = typeof busy extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<
  Busy,
  [
    {
      readonly task: string;
      readonly n: number;
      readonly mean: number | null;
      readonly texts: number;
    },
    { readonly least: number; readonly pattern: string },
  ]
>(true);
// @ts-expect-error: a count is not compared with a text
from(notes).select("task").groupBy("task").having(count(), "gt", "1");
// @ts-expect-error: a count has no pattern
from(notes).select("task").groupBy("task").having(count(), "like", "1");
// @ts-expect-error: groups are not asked for columns
from(notes).select("task").groupBy("task").having("task", "eq", "a");
// @ts-expect-error: no such place for null
from(notes).select("task").orderBy("task", "asc", "nowhere");

// Lists, pairs and patterns.
const pairs = from(tasks)
  .select("id")
  .where("priority", "between", [param("low"), 5])
  .where("name", "notLike", param("pattern"))
  .where("id", "notIn", param("ids"))
  .build();
type Pairs = typeof pairs extends Query<infer _, infer Values> ? Values : never;
same<Pairs, { readonly low: number; readonly pattern: string; readonly ids: readonly string[] }>(
  true,
);
// @ts-expect-error: a pair has two ends
from(tasks).where("priority", "between", [1]);
// @ts-expect-error: the ends are numbers
from(tasks).where("priority", "between", ["a", "b"]);

// Nested groups, and what their placeholders ask for.
const nested = from(tasks)
  .select("id")
  .whereAny([
    { column: "done", operator: "eq", value: param("done") },
    {
      all: [
        { column: "priority", operator: "gt", value: param("above") },
        { any: [{ column: "name", operator: "eq", value: param("name") }] },
        {
          exists: (outer) =>
            outer
              .from(notes)
              .where("task", "eq", column("tasks.id"))
              .where("body", "eq", param("body")),
        },
      ],
    },
  ])
  .build();
type Nested = typeof nested extends Query<infer _, infer Values> ? Values : never;
same<
  Nested,
  {
    readonly done: boolean;
    readonly above: number;
    readonly name: string;
    readonly body: string;
  }
>(true);
// @ts-expect-error: a nested condition of the wrong type
from(tasks).where([{ any: [{ column: "priority", operator: "eq", value: "a" }] }]);

// Queries inside queries know the columns of both.
const withNotes = from(tasks)
  .select("id")
  .whereExists((outer) =>
    outer
      .from(notes)
      .where("notes.task", "eq", column("tasks.id"))
      .where("body", "like", param("pattern")),
  )
  .whereNotExists((outer) =>
    outer.from(alias(tasks, "child")).where("child.parent", "eq", column("tasks.id")),
  )
  .build();
type WithNotes = typeof withNotes extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<WithNotes, [{ readonly id: string }, { readonly pattern: string }]>(true);
// @ts-expect-error: no such column in the outer query
from(tasks).whereExists((o) => o.from(notes).where("notes.task", "eq", column("tasks.nope")));
// @ts-expect-error: a text is not compared with a number
from(tasks).whereExists((o) => o.from(notes).where("notes.seq", "eq", column("tasks.id")));
// @ts-expect-error: both queries have an id
from(tasks).whereExists((o) => o.from(alias(tasks, "t")).where("id", "eq", "a"));
// @ts-expect-error: a query that changes data is no question
from(tasks).whereExists(() => deleteFrom(notes).everywhere());
// @ts-expect-error: a text is not compared with a number
from(tasks).where("name", "eq", column("priority"));
from(tasks).where("priority", "gt", column("weight"));

const listed = from(tasks)
  .select("id")
  .where("id", "in", from(notes).select("task").where("body", "eq", param("body")))
  .build();
type Listed = typeof listed extends Query<infer _, infer Values> ? Values : never;
same<Listed, { readonly body: string }>(true);
// @ts-expect-error: a list of numbers for a text
from(tasks).where("id", "in", from(notes).select("seq"));
from(tasks).where("id", "in", from(tasks).select("parent"));
// @ts-expect-error: with null in the list, not in is never true
from(tasks).where("id", "notIn", from(tasks).select("parent"));

// Named queries have rows and values of their own.
const notesPerTask = withTable(
  "per_task",
  from(notes)
    .select("task", { n: count() })
    .where("body", "like", param("pattern"))
    .groupBy("task"),
);
const counted = from(tasks)
  .join("left", notesPerTask, { "per_task.task": "tasks.id" })
  .join("inner", alias(notesPerTask, "again"), { "again.task": "tasks.id" })
  .select("name", "per_task.n", { other: "again.n" })
  .where("per_task.n", "gt", param("least"))
  .build();
type Counted = typeof counted extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<
  Counted,
  [
    { readonly name: string; readonly n: number | null; readonly other: number },
    { readonly pattern: string; readonly least: number },
  ]
>(true);
// @ts-expect-error: the named query has no such column
from(notesPerTask).select("body");

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
const lineage = from(ancestors).select("id", "parent", "depth").orderBy("depth").build();
type Lineage = typeof lineage extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<
  Lineage,
  [
    { readonly id: string; readonly parent: string | null; readonly depth: number },
    { readonly id: string; readonly depthMax: number },
  ]
>(true);
const ids = from(tasks).select("id");
// @ts-expect-error: the step does not select what the start does
withRecursive("x", ids, (x) => from(tasks).join("inner", x, { "x.id": "tasks.parent" }));

// Computed columns.
const computed = from(tasks)
  .distinct()
  .select({ next: plus("priority", 1), kind: constant("task"), heavier: plus("weight", 0.5) })
  .select({ length: unsafeExpression("integer", "length(name)") })
  .build();
type Computed = typeof computed extends Query<infer Row, infer _> ? Row : never;
same<
  Computed,
  {
    readonly next: number;
    readonly kind: string;
    readonly heavier: number | null;
    readonly length: number | null;
  }
>(true);
// @ts-expect-error: a text is not added to
from(tasks).select({ next: plus("name", 1) });
// @ts-expect-error: no such type
unsafeExpression("date", "date()");

// Changes.
updateTable(tasks).set({ name: column("id"), parent: column("name"), weight: column("priority") });
// @ts-expect-error: the parent may be null, the name may not
updateTable(tasks).set({ name: column("parent") });
// @ts-expect-error: a text is not a number
updateTable(tasks).set({ priority: column("name") });
const orphaned = updateTable(tasks)
  .set({ parent: null })
  .whereNotExists((outer) =>
    outer
      .from(alias(tasks, "above"))
      .where("above.id", "eq", column("tasks.parent"))
      .where("above.priority", "gt", param("above")),
  )
  .returning("id", "done")
  .build();
type Orphaned = typeof orphaned extends Query<infer Row, infer Values> ? [Row, Values] : never;
same<Orphaned, [{ readonly id: string; readonly done: boolean }, { readonly above: number }]>(true);
