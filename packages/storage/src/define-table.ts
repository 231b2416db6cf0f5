import { storageError } from "./errors.ts";
import type { Columns, ColumnType, ForeignKey, Table, TableDefinition } from "./table.ts";

/** Everything of a table but its name. */
export interface TableOptions<C extends Columns> {
  readonly columns: C;
  /** One or more columns, none of them nullable. */
  readonly primaryKey: readonly (keyof C & string)[];
  /** Groups of columns that no two rows have in common. Default: none. */
  readonly unique?: readonly (readonly (keyof C & string)[])[];
  /** Default: none. */
  readonly foreignKeys?: readonly ForeignKey[];
}

/** Longest name of a table, column or index. */
export const identifierLengthMax = 64;

/** Columns a table may have. */
export const columnsMax = 500;

const types: readonly ColumnType[] = ["text", "integer", "real", "blob", "boolean", "json"];
// SQLite gives these names to the number of a row, which search indexes rely on.
const reservedColumns: readonly string[] = ["rowid", "oid"];

/**
 * Declares a table: what the query builder checks names and types against.
 *
 * Names begin with a letter and hold letters, digits and underscores, up to
 * {@link identifierLengthMax}. The result is frozen.
 *
 * @throws {AtlasError} storage.table_invalid when the declaration contradicts itself.
 */
export function defineTable<const Name extends string, const C extends Columns>(
  name: Name,
  options: TableOptions<C>,
): Table<C, Name> {
  const table: Table<C, Name> = deepFreeze({ name, ...structuredClone(options) });
  checkTable(table);
  return table;
}

/** True for names that may stand, quoted, in SQL text. */
export function isIdentifier(name: string): boolean {
  return name.length <= identifierLengthMax && /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
}

function checkTable(table: TableDefinition): void {
  const names = Object.keys(table.columns);
  if (!isIdentifier(table.name) || /^sqlite_/i.test(table.name)) {
    throw invalid(table, "its name is not an identifier");
  }
  if (names.length === 0) throw invalid(table, "it has no columns");
  if (names.length > columnsMax) throw invalid(table, `it has more than ${columnsMax} columns`);
  const lowered = names.map((name) => name.toLowerCase());
  const twice = names.find((_, at) => lowered.indexOf(lowered[at]!) !== at);
  if (twice !== undefined)
    throw invalid(table, `column ${twice} differs from another only in case`);
  for (const name of names) checkColumn(table, name);
  checkKeys(table);
}

function checkColumn(table: TableDefinition, name: string): void {
  const column = table.columns[name]!;
  if (!isIdentifier(name) || reservedColumns.includes(name.toLowerCase())) {
    throw invalid(table, `"${name.slice(0, identifierLengthMax)}" cannot name a column`);
  }
  if (!types.includes(column.type)) {
    throw invalid(table, `the type of column ${name} is not one of ${types.join(", ")}`);
  }
  const isKey = table.primaryKey.length === 1 && table.primaryKey[0] === name;
  if (column.increments === true && !(isKey && column.type === "integer")) {
    throw invalid(table, `column ${name} increments but is not an integer primary key`);
  }
  if (column.default !== undefined && !fits(column.type, column.default)) {
    throw invalid(table, `the default of column ${name} is not of its type`);
  }
}

function fits(type: ColumnType, value: unknown): boolean {
  if (value === null) return true;
  switch (type) {
    case "text":
    case "json":
      return typeof value === "string";
    case "integer":
      return typeof value === "bigint" || Number.isSafeInteger(value);
    case "real":
      return typeof value === "number" && Number.isFinite(value);
    case "blob":
      return value instanceof Uint8Array;
    case "boolean":
      return typeof value === "boolean";
  }
}

function checkKeys(table: TableDefinition): void {
  if (table.primaryKey.length === 0) throw invalid(table, "it has no primary key");
  checkGroup(table, table.primaryKey, "primary key");
  for (const name of table.primaryKey) {
    const { type, nullable } = table.columns[name]!;
    if (nullable === true || type === "json") {
      throw invalid(table, `column ${name} of the primary key is nullable or json`);
    }
  }
  for (const group of table.unique ?? []) checkGroup(table, group, "unique group");
  for (const key of table.foreignKeys ?? []) checkForeignKey(table, key);
}

function checkForeignKey(table: TableDefinition, key: ForeignKey): void {
  checkGroup(table, key.columns, "foreign key");
  if (key.columns.length !== key.references.length) {
    throw invalid(table, "a foreign key has more columns on one side than on the other");
  }
  if (!isIdentifier(key.table) || !key.references.every(isIdentifier)) {
    throw invalid(table, "a foreign key refers to something that is not an identifier");
  }
  const cleared = key.onDelete === "set null" ? key.columns : [];
  if (cleared.some((name) => table.columns[name]?.nullable !== true)) {
    throw invalid(table, "a foreign key sets columns to null that are not nullable");
  }
}

function checkGroup(table: TableDefinition, group: readonly string[], what: string): void {
  if (group.length === 0) throw invalid(table, `a ${what} names no columns`);
  const stranger = group.find((name) => !Object.hasOwn(table.columns, name));
  if (stranger !== undefined) throw invalid(table, `its ${what} names an unknown column`);
  if (new Set(group).size !== group.length) throw invalid(table, `its ${what} repeats a column`);
}

function invalid(table: TableDefinition, reason: string): Error {
  const name = isIdentifier(table.name) ? ` ${table.name}` : "";
  return storageError(
    "storage.table_invalid",
    `The table${name} cannot be declared: ${reason}. Correct the declaration.`,
    { details: { reason } },
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
