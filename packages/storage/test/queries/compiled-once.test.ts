import { column, count, from, insertInto, param, withTable } from "@atlas/storage";
import { expect, test } from "vitest";
import { openLibrary } from "../fixtures/queries-library.ts";
import { notes, tasks } from "../fixtures/schema.ts";

test("D1: a query built once runs again with new values without compiling, whatever is in it", async () => {
  await using library = await openLibrary();
  const { database } = library;
  const perTask = withTable("per_task", from(notes).select("task", { n: count() }).groupBy("task"));
  const build = () =>
    from(tasks)
      .join("left", perTask, { "per_task.task": "tasks.id" })
      .select("id", "n")
      .where("tasks.id", "in", param("ids"))
      .where("priority", "between", [param("low"), param("high")])
      .whereExists((outer) =>
        outer
          .from(notes)
          .where("notes.task", "eq", column("tasks.id"))
          .where("body", "like", param("pattern")),
      )
      .orderBy("id")
      .limit(param("limit"))
      .build();
  const query = build();
  const run = (n: number) =>
    database.all(query, {
      ids: Array.from({ length: n + 1 }, (_, at) => (at === 0 ? "left" : `${at}`)),
      low: 0,
      high: n + 2,
      pattern: `${n % 2 === 0 ? "f" : "s"}%`,
      limit: n + 1,
    });
  expect(await run(0)).toEqual([{ id: "left", n: 2 }]);
  const { statements: before } = database.statistics();

  for (let n = 1; n <= 100; n += 1) expect(await run(n)).toEqual([{ id: "left", n: 2 }]);

  const { statements: after } = database.statistics();
  expect(after.compilations).toBe(before.compilations);
  expect(after.misses).toBe(before.misses);
  expect(after.hits).toBe(before.hits + 100);
});

test("D1: the same query built again has the same text, so it is not compiled either", async () => {
  await using library = await openLibrary();
  const { database } = library;
  const build = (ids: readonly string[]) => from(tasks).select("id").where("id", "in", ids).build();
  await database.all(build(["root"]));
  const { statements: before } = database.statistics();

  await database.all(build(["left", "right", "leaf"]));

  expect(database.statistics().statements.compilations).toBe(before.compilations);
});

test("D1: many rows are inserted with two statements, however many there are", async () => {
  await using library = await openLibrary();
  const { database } = library;
  const insert = insertInto(notes).columns("task", "body").build();
  const rows = (count_: number) =>
    Array.from({ length: count_ }, (_, n) => ({ task: "lone", body: `${n}` }));
  await database.write((connection) => connection.runMany(insert, rows(17)));
  const { statements: before } = database.statistics();

  for (const length of [1, 2, 15, 16, 17, 100, 1_000]) {
    await database.write((connection) => connection.runMany(insert, rows(length)));
  }

  expect(database.statistics().statements.compilations).toBe(before.compilations);
});
