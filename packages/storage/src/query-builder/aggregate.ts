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
export type AggregateKind = "count" | "sum" | "min" | "max";

/** The number of rows of the group, or of those with a value in `column`. */
export function count<const Column extends string = never>(
  column?: Column,
): Aggregate<Column, "count"> {
  return Object.freeze({ aggregate: "count", column });
}

/** The sum of a column over the group; null when it has no values. */
export function sum<const Column extends string>(column: Column): Aggregate<Column, "sum"> {
  return Object.freeze({ aggregate: "sum", column });
}

/** The smallest value of a column in the group; null when it has none. */
export function min<const Column extends string>(column: Column): Aggregate<Column, "min"> {
  return Object.freeze({ aggregate: "min", column });
}

/** The largest value of a column in the group; null when it has none. */
export function max<const Column extends string>(column: Column): Aggregate<Column, "max"> {
  return Object.freeze({ aggregate: "max", column });
}
