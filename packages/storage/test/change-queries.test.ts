import { deleteFrom, insertInto, param, plus, updateTable, upsert } from "@atlas/storage";
import { describe, expect, test } from "vitest";
import { notes, tasks } from "./fixtures/schema.ts";
import { refusal, untyped } from "./fixtures/untyped.ts";

describe("D1: queries that write", () => {
  test("an insert names its columns and takes values of the same names", () => {
    const query = insertInto(tasks).columns("id", "name", "done").ignoreConflicts().build();

    expect(query.sql).toBe(
      'INSERT INTO "tasks" ("id", "name", "done") VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    expect(query.params).toMatchObject([
      { placeholder: "id" },
      { placeholder: "name" },
      { placeholder: "done" },
    ]);
    expect(insertInto(notes).build().sql).toBe(
      'INSERT INTO "notes" ("task", "body") VALUES (?, ?)',
    );
  });

  test("an upsert changes the existing row and never replaces it", () => {
    const query = upsert(tasks).columns("id", "name", "priority").build();
    const other = upsert(tasks)
      .columns("id", "name", "parent", "priority")
      .key("name", "parent")
      .update("priority")
      .returning("id", "tags")
      .build();

    expect(query.sql).toContain(
      'ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "priority" = excluded."priority"',
    );
    expect(other.sql).toContain(
      'ON CONFLICT ("name", "parent") DO UPDATE SET "priority" = excluded."priority" ' +
        'RETURNING "id" AS "id", "tags" AS "tags"',
    );
    expect(other.decode?.({ id: "a", tags: "[]" })).toEqual({ id: "a", tags: [] });
  });

  test("an update sets values, placeholders and sums", () => {
    const query = updateTable(tasks)
      .set({ name: param("newName"), priority: plus(-1), tags: ["a"], parent: null })
      .where("id", "eq", param("id"))
      .build();

    expect(query.sql).toBe(
      'UPDATE "tasks" SET "name" = ?, "priority" = "priority" + ?, "tags" = ?, "parent" = ? ' +
        'WHERE "id" = ?',
    );
    expect(query.params).toEqual([
      { placeholder: "newName" },
      -1,
      '["a"]',
      null,
      { placeholder: "id" },
    ]);
  });

  test("a json value that looks like a placeholder is a value", () => {
    const looksLike = { placeholder: "x" } as unknown as string[];

    const query = updateTable(tasks).set({ tags: looksLike }).everywhere().build();

    expect(query.params).toEqual(['{"placeholder":"x"}']);
  });

  test("a change of every row has to be said", () => {
    expect(deleteFrom(tasks).everywhere().build().sql).toBe('DELETE FROM "tasks"');
    expect(refusal(() => deleteFrom(tasks).build())).toContain("where");
    expect(refusal(() => updateTable(tasks).set({ priority: 1 }).build())).toContain("where");
    expect(deleteFrom(tasks).unsafeWhere("1 = 0").returning("id").build().sql).toBe(
      'DELETE FROM "tasks" WHERE (1 = 0) RETURNING "id" AS "id"',
    );
    expect(
      deleteFrom(tasks)
        .whereAny([{ column: "id", operator: "eq", value: "a" }])
        .build().sql,
    ).toBe('DELETE FROM "tasks" WHERE "id" = ?');
  });

  test.each<[string, string, () => unknown]>([
    ["a missing column", "columns", () => insertInto(tasks).columns("id").build()],
    ["no columns", "columns", () => insertInto(tasks).columns().build()],
    ["a column twice", "columns", () => insertInto(tasks).columns("id", "name", "id").build()],
    ["an unknown column", "columns", () => untyped(insertInto(tasks))["columns"]!("nope").build()],
    ["a key that is none", "key", () => upsert(tasks).columns("id", "name").key("name").build()],
    ["nothing to change", "update", () => upsert(tasks).columns("id", "name").update().build()],
    [
      "a change of what is not given",
      "update",
      () => upsert(tasks).columns("id", "name").update("weight").build(),
    ],
    ["nothing to set", "set", () => updateTable(tasks).set({}).everywhere().build()],
    [
      "an unknown column to set",
      "set",
      () => untyped(untyped(updateTable(tasks))["set"]!({ nope: 1 }))["everywhere"]!().build(),
    ],
    [
      "null for what is required",
      "set",
      () => untyped(untyped(updateTable(tasks))["set"]!({ name: null }))["everywhere"]!().build(),
    ],
    [
      "no value",
      "set",
      () =>
        untyped(untyped(updateTable(tasks))["set"]!({ name: undefined }))["everywhere"]!().build(),
    ],
    [
      "a sum of texts",
      "plus",
      () =>
        untyped(untyped(updateTable(tasks))["set"]!({ name: plus(1) }))["everywhere"]!().build(),
    ],
    [
      "an object for a text",
      "set",
      () => untyped(untyped(updateTable(tasks))["set"]!({ name: {} }))["everywhere"]!().build(),
    ],
    ["a sum of nothing", "plus", () => plus(Number.NaN)],
  ])("%s is refused", (_, part, build) => {
    expect(refusal(build)).toContain(part);
  });
});
