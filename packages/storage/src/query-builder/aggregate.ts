import type { ColumnName, Comparable, NameOf, Scope, ValueIn } from "./scope.ts";

/** A value computed over the rows of a group. */
export interface Aggregate<
  Column extends string = string,
  Kind extends AggregateKind = AggregateKind,
> {
  readonly aggregate: Kind;
  /** Absent for `count` of whole rows. */
  readonly column: Column | undefined;
}

/** What can be computed over a group. */
export type AggregateKind = "count" | "countDistinct" | "sum" | "avg" | "min" | "max";

/** The aggregates that a query can compute. */
export type AggregateIn<S extends Scope> =
  | Aggregate<ColumnName<S>, "count">
  | Aggregate<NameOf<S, Comparable>, "countDistinct">
  | Aggregate<NameOf<S, number>, "sum" | "avg">
  | Aggregate<NameOf<S, string | number>, "min" | "max">;

/** The type of what an aggregate computes. */
export type AggregateValue<S extends Scope, A> =
  A extends Aggregate<infer Column, infer Kind>
    ? Kind extends "count" | "countDistinct"
      ? number
      : Kind extends "sum" | "avg"
        ? number | null
        : ValueIn<S, Column> | null
    : never;

/** The number of rows of the group, or of those with a value in `column`. */
export function count<const Column extends string = never>(
  column?: Column,
): Aggregate<Column, "count"> {
  return Object.freeze({ aggregate: "count", column });
}

/** The number of different values of a column in the group. */
export function countDistinct<const Column extends string>(
  column: Column,
): Aggregate<Column, "countDistinct"> {
  return Object.freeze({ aggregate: "countDistinct", column });
}

/** The sum of a column over the group; null when it has no values. */
export function sum<const Column extends string>(column: Column): Aggregate<Column, "sum"> {
  return Object.freeze({ aggregate: "sum", column });
}

/** The mean of a column over the group; null when it has no values. */
export function avg<const Column extends string>(column: Column): Aggregate<Column, "avg"> {
  return Object.freeze({ aggregate: "avg", column });
}

/** The smallest value of a column in the group; null when it has none. */
export function min<const Column extends string>(column: Column): Aggregate<Column, "min"> {
  return Object.freeze({ aggregate: "min", column });
}

/** The largest value of a column in the group; null when it has none. */
export function max<const Column extends string>(column: Column): Aggregate<Column, "max"> {
  return Object.freeze({ aggregate: "max", column });
}
