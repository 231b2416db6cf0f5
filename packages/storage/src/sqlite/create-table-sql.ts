/**
 * The SQL of a declared table.
 *
 * Every table is STRICT: a column holds its type or the write fails. Keys of
 * several columns over small rows make the table itself the index (WITHOUT
 * ROWID): nothing is stored twice. Every other table keeps its row number, and
 * declares it: SQLite may renumber rows in VACUUM when no column stands for the
 * number, and search indexes refer to rows by it. The number costs nothing, for
 * such a table has it anyway.
 */
import { storageError } from "../errors.ts";
import type { SqlValue } from "../sql-value.ts";
import type { ColumnDefinition, ColumnType, ForeignKey, TableDefinition } from "../table.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

/** The row number of tables whose key is not an integer. No declared column can have this name. */
const rowColumn = "_row";

const types: Readonly<Record<ColumnType, string>> = {
  text: "TEXT",
  integer: "INTEGER",
  real: "REAL",
  blob: "BLOB",
  boolean: "INTEGER",
  json: "TEXT",
};

/** The column that stands for the row number, or undefined when the table has none. */
export function rowNumberOf(table: TableDefinition): string | undefined {
  const [first] = table.primaryKey;
  if (table.primaryKey.length === 1) {
    return table.columns[first!]?.type === "integer" ? first : rowColumn;
  }
  // A long row in the index itself would make every search in it slower.
  const long = Object.values(table.columns).some(({ type }) => type === "json" || type === "blob");
  return long ? rowColumn : undefined;
}

/** The statement that creates a declared table. */
export function createTableSql(table: TableDefinition): readonly string[] {
  const row = rowNumberOf(table);
  const parts = [
    ...(row === rowColumn ? [`${quoteIdentifier(rowColumn)} INTEGER PRIMARY KEY`] : []),
    ...Object.entries(table.columns).map(([name, column]) => columnSql(name, column, name === row)),
    ...(row === undefined ? [`PRIMARY KEY ${list(table.primaryKey)}`] : []),
    ...(row === rowColumn ? [`UNIQUE ${list(table.primaryKey)}`] : []),
    ...(table.unique ?? []).map((group) => `UNIQUE ${list(group)}`),
    ...(table.foreignKeys ?? []).map(foreignKeySql),
  ];
  const options = row === undefined ? "STRICT, WITHOUT ROWID" : "STRICT";
  return [`CREATE TABLE ${quoteIdentifier(table.name)} (\n  ${parts.join(",\n  ")}\n) ${options}`];
}

function columnSql(name: string, column: ColumnDefinition, isRow: boolean): string {
  const quoted = quoteIdentifier(name);
  const increments = column.increments === true ? " AUTOINCREMENT" : "";
  if (isRow) return `${quoted} INTEGER PRIMARY KEY${increments}${checkSql(column)}`;
  return [
    `${quoted} ${types[column.type]}`,
    column.nullable === true ? "" : " NOT NULL",
    column.default === undefined ? "" : ` DEFAULT ${literal(column.default)}`,
    column.type === "boolean" ? ` CHECK (${quoted} IN (0, 1))` : "",
    column.type === "json" ? ` CHECK (json_valid(${quoted}))` : "",
    checkSql(column),
  ].join("");
}

function checkSql(column: ColumnDefinition): string {
  return column.check === undefined ? "" : ` CHECK (${column.check})`;
}

function foreignKeySql(key: ForeignKey): string {
  const action = key.onDelete ?? "no action";
  return (
    `FOREIGN KEY ${list(key.columns)} REFERENCES ${quoteIdentifier(key.table)} ` +
    `${list(key.references)} ON DELETE ${action.toUpperCase()}`
  );
}

function list(names: readonly string[]): string {
  return `(${names.map(quoteIdentifier).join(", ")})`;
}

/** A default as SQL text: the one place where a declared value is written out, because DDL cannot bind. */
function literal(value: SqlValue | boolean): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value !== "string") return `X'${Buffer.from(value).toString("hex")}'`;
  if (value.includes("\0")) {
    throw storageError(
      "storage.table_invalid",
      "A default holds a NUL character, which cannot stand in SQL text. Leave it out.",
    );
  }
  return `'${value.replaceAll("'", "''")}'`;
}
