import type { RawRow, SqlValue } from "./sql-value.ts";

/** Stands in a query for a value that is given each time the query runs. */
export interface Placeholder<Name extends string = string, Type = SqlValue> {
  readonly placeholder: Name;
  /** Maps the given value to what SQL stores; absent when it is stored as it is. */
  readonly encode?: (value: Type) => SqlValue;
}

/** The values a query without placeholders takes. */
export type NoValues = Readonly<Record<never, never>>;

/**
 * A compiled statement: its text is made once, values are bound each time it
 * runs. Immutable, so it may live at module scope and be shared.
 */
export interface Query<Row = RawRow, Values extends object = NoValues> {
  readonly sql: string;
  /** In the order of the `?` in `sql`. */
  readonly params: readonly (SqlValue | Placeholder)[];
  /** Maps a raw row to `Row`; absent when rows are returned as they are. */
  readonly decode?: (row: RawRow) => Row;
  /** The same statement for several rows at once, whose values stand one after the other. */
  readonly batch?: { readonly rows: number; readonly sql: string };
  /** For the compiler only: what `values` must hold. */
  readonly values?: (values: Values) => void;
}

/** What a statement that changes data reports. */
export interface RunResult {
  /** Rows inserted, updated or deleted by the statement itself, without triggers. */
  readonly changes: number;
}

/** Values are required exactly when the query has placeholders. */
export type ValuesArgument<Values extends object> = keyof Values extends never
  ? readonly [values?: Values]
  : readonly [values: Values];
