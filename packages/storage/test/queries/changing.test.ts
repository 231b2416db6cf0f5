import {
  alias,
  column,
  count,
  deleteFrom,
  from,
  insertInto,
  param,
  updateTable,
  upsert,
  withTable,
} from "@atlas/storage";
import type { TemporaryDatabase } from "@atlas/storage/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLibrary } from "../fixtures/queries-library.ts";
import { notes, tasks } from "../fixtures/schema.ts";

let library: TemporaryDatabase;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(() => library[Symbol.asyncDispose]());

describe("D1: queries that write, with queries inside", () => {
  test("rows are changed where another table has something to say about them", async () => {
    const finish = updateTable(tasks)
      .set({ done: true, weight: column("priority") })
      .whereExists((outer) =>
        outer
          .from(notes)
          .where("notes.task", "eq", column("tasks.id"))
          .where("body", "eq", param("body")),
      )
      .returning("id", "done", "tags", "weight")
      .build();

    const changed = await library.database.write((connection) =>
      connection.all(finish, { body: "second" }),
    );

    expect(changed).toEqual([{ id: "left", done: true, tags: ["left"], weight: 2 }]);
  });

  test("rows are deleted where another table has nothing about them", async () => {
    const prune = deleteFrom(tasks)
      .whereNotExists((outer) =>
        outer.from(alias(tasks, "child")).where("child.parent", "eq", column("tasks.id")),
      )
      .whereAny([
        { column: "priority", operator: "between", value: [param("low"), 3] },
        { all: [{ column: "id", operator: "notIn", value: ["leaf"] }] },
      ])
      .returning("id")
      .build();

    const deleted = await library.database.write((connection) => connection.all(prune, { low: 3 }));

    expect(deleted.map(({ id }) => id).toSorted()).toEqual(["lone", "right"]);
  });

  test("a named query stands before the change, its values before those of the change", async () => {
    const busy = withTable(
      "busy",
      from(notes)
        .select("task")
        .where("body", "like", param("pattern"))
        .groupBy("task")
        .having(count(), "gte", param("least")),
    );
    const raise = updateTable(tasks)
      .set({ priority: param("priority") })
      .where("id", "in", from(busy).select("task"))
      .returning("id", "priority")
      .build();

    expect(raise.sql).toMatch(/^WITH "busy" \("task"\) AS \(SELECT .*\) UPDATE "tasks" SET/);
    const changed = await library.database.write((connection) =>
      connection.all(raise, { pattern: "%", least: 2, priority: 9 }),
    );
    expect(changed).toEqual([{ id: "left", priority: 9 }]);
  });

  test("every change returns what it did", async () => {
    const add = insertInto(notes).columns("task", "body").returning("seq", "body").build();
    const merge = upsert(tasks).columns("id", "name").returning("id", "done", "name").build();
    const remove = deleteFrom(notes).where("body", "eq", "new").returning("task").build();

    await library.database.write(async (connection) => {
      expect(await connection.get(add, { task: "lone", body: "new" })).toEqual({
        seq: 4,
        body: "new",
      });
      expect(await connection.get(merge, { id: "leaf", name: "renamed" })).toEqual({
        id: "leaf",
        done: true,
        name: "renamed",
      });
      expect(await connection.all(remove)).toEqual([{ task: "lone" }]);
    });
  });
});
