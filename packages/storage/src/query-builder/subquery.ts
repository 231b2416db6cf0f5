import type { Query } from "../query.ts";

/** Tells builders of queries that read from those that change data. */
export const reads: unique symbol = Symbol("reads");

/** A builder whose query can stand inside another one. */
export interface Subquery<Row extends object, Values extends object> {
  readonly [reads]: true;
  /** @throws {AtlasError} storage.query_invalid, naming the part that is wrong. */
  build(): Query<Row, Values>;
}

/**
 * A query of one column, for `in`. Columns that may be null are for `in` only:
 * `not in` a list with a null is never true.
 */
export type ColumnQuery<Value> = Subquery<Readonly<Record<string, Value>>, never>;

/** What a query inside another one makes it ask for. */
export type SubqueryValues<Q> = Q extends Subquery<infer _, infer Values> ? Values : unknown;
