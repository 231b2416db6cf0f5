import { columnsMax, defineTable, identifierLengthMax } from "@atlas/storage";
import { describe, expect, test } from "vitest";

const id = { type: "text" } as const;

function defining(name: string, options: object): () => unknown {
  // What the types refuse must be refused at run time as well.
  return () => defineTable(name, options as Parameters<typeof defineTable>[1]);
}

describe("D1: declaring a table", () => {
  test("a declaration is copied and frozen to its depth", () => {
    const columns = { id: { type: "text" } } as const;
    const table = defineTable("tasks", { columns, primaryKey: ["id"] });

    expect(Object.isFrozen(table)).toBe(true);
    expect(Object.isFrozen(table.columns.id)).toBe(true);
    expect(table.columns).not.toBe(columns);
  });

  test("names up to the limit are taken, and longer ones refused", () => {
    const longest = "a".repeat(identifierLengthMax);

    expect(defineTable(longest, { columns: { id }, primaryKey: ["id"] }).name).toBe(longest);
    expect(defining(`${longest}a`, { columns: { id }, primaryKey: ["id"] })).toThrow(
      expect.objectContaining({ code: "storage.table_invalid" }),
    );
  });

  test("columns up to the limit are taken, and more refused", () => {
    const many = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, id]));

    expect(defining("t", { columns: many(columnsMax), primaryKey: ["c0"] })).not.toThrow();
    expect(defining("t", { columns: many(columnsMax + 1), primaryKey: ["c0"] })).toThrow(
      expect.objectContaining({ code: "storage.table_invalid" }),
    );
  });

  test.each<[string, string, object]>([
    ["a name with a quote", 't"', { columns: { id }, primaryKey: ["id"] }],
    ["a name of the database system", "sqlite_x", { columns: { id }, primaryKey: ["id"] }],
    ["no columns", "t", { columns: {}, primaryKey: ["id"] }],
    ["a column with a quote", "t", { columns: { 'i"d': id }, primaryKey: ['i"d'] }],
    ["a column named rowid", "t", { columns: { id, RowId: id }, primaryKey: ["id"] }],
    ["columns that differ in case", "t", { columns: { id, ID: id }, primaryKey: ["id"] }],
    ["an unknown type", "t", { columns: { id: { type: "date" } }, primaryKey: ["id"] }],
    ["no primary key", "t", { columns: { id }, primaryKey: [] }],
    ["an unknown primary key", "t", { columns: { id }, primaryKey: ["nope"] }],
    ["a repeated primary key", "t", { columns: { id }, primaryKey: ["id", "id"] }],
    ["a nullable key", "t", { columns: { id: { ...id, nullable: true } }, primaryKey: ["id"] }],
    ["a json key", "t", { columns: { id: { type: "json" } }, primaryKey: ["id"] }],
    ["an unknown unique column", "t", { columns: { id }, primaryKey: ["id"], unique: [["x"]] }],
    ["an empty unique group", "t", { columns: { id }, primaryKey: ["id"], unique: [[]] }],
    [
      "a default of another type",
      "t",
      { columns: { id, n: { type: "integer", default: 1.5 } }, primaryKey: ["id"] },
    ],
    [
      "a column that increments and is no key",
      "t",
      { columns: { id, n: { type: "integer", increments: true } }, primaryKey: ["id"] },
    ],
    [
      "a foreign key of unequal length",
      "t",
      {
        columns: { id },
        primaryKey: ["id"],
        foreignKeys: [{ columns: ["id"], table: "u", references: ["a", "b"] }],
      },
    ],
    [
      "a foreign key to something quoted",
      "t",
      {
        columns: { id },
        primaryKey: ["id"],
        foreignKeys: [{ columns: ["id"], table: 'u"', references: ["a"] }],
      },
    ],
    [
      "a foreign key that clears what is required",
      "t",
      {
        columns: { id },
        primaryKey: ["id"],
        foreignKeys: [{ columns: ["id"], table: "u", references: ["a"], onDelete: "set null" }],
      },
    ],
  ])("%s is refused", (_, name, options) => {
    expect(defining(name, options)).toThrow(
      expect.objectContaining({ code: "storage.table_invalid" }),
    );
  });

  test.each([
    { type: "text", default: "it's" },
    { type: "text", default: null, nullable: true },
    { type: "integer", default: 5n },
    { type: "real", default: 0.5 },
    { type: "blob", default: new Uint8Array([1, 255]) },
    { type: "boolean", default: true },
    { type: "json", default: "{}" },
  ])("a default fits its column: $type", (column) => {
    expect(defining("t", { columns: { id, c: column }, primaryKey: ["id"] })).not.toThrow();
  });
});
