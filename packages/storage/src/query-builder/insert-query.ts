import type { Query } from "../query.ts";
import type { RowOf, Table, TableDefinition } from "../table.ts";
import { encoderOf } from "./codec.ts";
import { ColumnResolver } from "./column-resolver.ts";
import { queryInvalid } from "./query-invalid.ts";
import { returningSql } from "./returning-sql.ts";
import type { Simplify } from "./scope.ts";

/** Rows that `runMany` inserts at once; fewer and more are both slower. */
const rowsPerStatement = 16;

/** Names of the columns of a table. */
export type NameIn<T extends Table> = keyof RowOf<T> & string;

/** Names of the columns that the database does not number by itself. */
export type GivenIn<T extends Table> = {
  [Name in keyof T["columns"] & string]: T["columns"][Name] extends { readonly increments: true }
    ? never
    : Name;
}[keyof T["columns"] & string];

/** The part of a row that a list of names stands for. */
export type RowPart<T extends Table, Names> = Simplify<Pick<RowOf<T>, Names & keyof RowOf<T>>>;

/** Builds a query that adds one row each time it runs; its values are named like the columns. */
export interface InsertBuilder<T extends Table, Names, Row = never> {
  /** The columns that are given. Default: all that the database does not number itself. */
  columns<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): InsertBuilder<T, Some[number], Row>;
  /** Leaves the existing row alone when one with the same key is there. Default: the insert fails. */
  ignoreConflicts(): InsertBuilder<T, Names, Row>;
  /** Returns these columns of the row as it was stored. */
  returning<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): InsertBuilder<T, Names, RowPart<T, Some[number]>>;
  /** @throws {AtlasError} storage.query_invalid, naming the part that is wrong. */
  build(): Query<Row, RowPart<T, Names>>;
}

/** Builds a query that adds a row, or changes the one with the same key. */
export interface UpsertBuilder<T extends Table, Names, Row = never> {
  /** The columns that are given. Default: all that the database does not number itself. */
  columns<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): UpsertBuilder<T, Some[number], Row>;
  /** The columns that tell which row it is: the primary key or a unique group. Default: the primary key. */
  key(...names: readonly NameIn<T>[]): UpsertBuilder<T, Names, Row>;
  /** The columns to change in an existing row. Default: all given ones outside the key. */
  update(...names: readonly NameIn<T>[]): UpsertBuilder<T, Names, Row>;
  /** Returns these columns of the row as it was stored. */
  returning<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): UpsertBuilder<T, Names, RowPart<T, Some[number]>>;
  /** @throws {AtlasError} storage.query_invalid, naming the part that is wrong. */
  build(): Query<Row, RowPart<T, Names>>;
}

interface InsertState {
  readonly table: TableDefinition;
  readonly names: readonly string[];
  readonly returning: readonly string[];
  readonly conflict: ConflictState;
}

type ConflictState =
  | { readonly kind: "fail" }
  | { readonly kind: "ignore" }
  | {
      readonly kind: "update";
      readonly key: readonly string[];
      readonly columns: readonly string[] | undefined;
    };

/** Starts a query that adds rows to a table. */
export function insertInto<T extends Table>(table: T): InsertBuilder<T, GivenIn<T>> {
  // The builder follows its types by itself; here every name is looked up again.
  return builderOf(startOf(table, { kind: "fail" })) as InsertBuilder<T, GivenIn<T>>;
}

/** Starts a query that adds rows to a table or changes those that are there. */
export function upsert<T extends Table>(table: T): UpsertBuilder<T, GivenIn<T>> {
  const conflict = { kind: "update", key: table.primaryKey, columns: undefined } as const;
  return builderOf(startOf(table, conflict)) as UpsertBuilder<T, GivenIn<T>>;
}

function startOf(table: TableDefinition, conflict: ConflictState): InsertState {
  const columns = Object.entries(table.columns);
  const names = columns.filter(([, column]) => column.increments !== true).map(([name]) => name);
  return { table, names, returning: [], conflict };
}

/** Both builders without their types; each interface shows the methods that make sense for it. */
function builderOf(state: InsertState): object {
  const next = (change: Partial<InsertState>): object => builderOf({ ...state, ...change });
  const { conflict } = state;
  return Object.freeze({
    columns: (...names: readonly string[]) => next({ names }),
    returning: (...names: readonly string[]) => next({ returning: names }),
    ignoreConflicts: () => next({ conflict: { kind: "ignore" } }),
    key: (...key: readonly string[]) =>
      conflict.kind === "update" ? next({ conflict: { ...conflict, key } }) : next({}),
    update: (...columns: readonly string[]) =>
      conflict.kind === "update" ? next({ conflict: { ...conflict, columns } }) : next({}),
    build: () => compileInsert(state),
  });
}

function compileInsert({ table, names, returning, conflict }: InsertState): Query {
  const columns = new ColumnResolver([
    { alias: table.name, name: table.name, columns: table.columns },
  ]);
  const given = names.map((name) => columns.resolve(name, "columns"));
  if (given.length === 0) throw queryInvalid("columns", "no column is given");
  if (new Set(names).size !== names.length)
    throw queryInvalid("columns", "a column is given twice");
  refuseMissing(table, names);
  const list = given.map(({ sql }) => sql).join(", ");
  const marks = `(${given.map(() => "?").join(", ")})`;
  const back = returningSql(returning, columns);
  const params = given.map(({ name, column }) => {
    const encode = encoderOf(column);
    return Object.freeze({ placeholder: name, ...(encode === undefined ? {} : { encode }) });
  });
  const start = `INSERT INTO "${table.name}" (${list}) VALUES `;
  const end = `${conflictSql({ table, names, conflict }, columns)}${back.sql}`;
  const several = Array.from({ length: rowsPerStatement }, () => marks).join(", ");
  return Object.freeze({
    sql: `${start}${marks}${end}`,
    params: Object.freeze(params),
    batch: Object.freeze({ rows: rowsPerStatement, sql: `${start}${several}${end}` }),
    ...(back.decode === undefined ? {} : { decode: back.decode }),
  }) as Query;
}

function refuseMissing(table: TableDefinition, names: readonly string[]): void {
  for (const [name, column] of Object.entries(table.columns)) {
    const { nullable, increments } = column;
    const optional = nullable === true || increments === true || column.default !== undefined;
    if (!optional && !names.includes(name)) {
      throw queryInvalid("columns", `the column "${name}" needs a value and is not given`);
    }
  }
}

function conflictSql(
  { table, names, conflict }: Omit<InsertState, "returning">,
  columns: ColumnResolver,
): string {
  if (conflict.kind === "fail") return "";
  if (conflict.kind === "ignore") return " ON CONFLICT DO NOTHING";
  const { key } = conflict;
  const keys = [table.primaryKey, ...(table.unique ?? [])];
  if (!keys.some((group) => group.length === key.length && group.every((n) => key.includes(n)))) {
    throw queryInvalid("key", "its columns are neither the primary key nor a unique group");
  }
  const changed = conflict.columns ?? names.filter((name) => !key.includes(name));
  if (changed.length === 0) {
    throw queryInvalid("update", "no column is changed; use insertInto with ignoreConflicts");
  }
  const stranger = changed.find((name) => !names.includes(name));
  if (stranger !== undefined) throw queryInvalid("update", "it names a column that is not given");
  const target = key.map((name) => columns.resolve(name, "key").sql).join(", ");
  const sets = changed.map((name) => {
    const { sql } = columns.resolve(name, "update");
    return `${sql} = excluded.${sql}`;
  });
  return ` ON CONFLICT (${target}) DO UPDATE SET ${sets.join(", ")}`;
}
