import type { NoValues, Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Table } from "../table.ts";
import type { Aggregate } from "./aggregate.ts";
import type {
  Condition,
  ConditionValues,
  NullOperator,
  Operand,
  OperandValue,
  Operator,
} from "./condition.ts";
import type { Param, ParamValues } from "./param.ts";
import type {
  AliasedTable,
  ColumnName,
  Optional,
  QualifiedName,
  Scope,
  ScopeOf,
  Simplify,
  Source,
  ValueIn,
} from "./scope.ts";

/** Which rows a join keeps: those of both sides, or all of the named side too. */
export type JoinKind = "inner" | "left" | "right";

/** A column, or columns and aggregates under names of the caller's choice. */
export type Selection<S extends Scope> =
  | ColumnName<S>
  | { readonly [Name in string]: ColumnName<S> | Aggregate<ColumnName<S>> };

/** The scope of a query after a join. */
export type Joined<S extends Scope, T extends Source, Kind extends JoinKind> = (Kind extends "right"
  ? Optional<S>
  : S) &
  (Kind extends "left" ? Optional<ScopeOf<T>> : ScopeOf<T>);

/** Pairs of columns that must be equal. */
export type JoinOn<S extends Scope> = { readonly [Name in QualifiedName<S>]?: QualifiedName<S> };

type AggregateValue<S extends Scope, A> =
  A extends Aggregate<infer Column, infer Kind>
    ? Kind extends "count"
      ? number
      : Kind extends "sum"
        ? number | null
        : ValueIn<S, Column> | null
    : never;

type LastName<Name extends string> = Name extends `${string}.${infer Column}` ? Column : Name;

type SelectedBy<S extends Scope, Item> = Item extends string
  ? { readonly [Key in LastName<Item>]: ValueIn<S, Item> }
  : {
      readonly [Key in keyof Item]: Item[Key] extends string
        ? ValueIn<S, Item[Key]>
        : AggregateValue<S, Item[Key]>;
    };

/** The row that a list of selections makes. */
export type SelectedRow<
  S extends Scope,
  Items extends readonly unknown[],
> = Items extends readonly [infer First, ...infer Rest]
  ? SelectedBy<S, First> & SelectedRow<S, Rest>
  : unknown;

/**
 * Builds a query that reads. Immutable: each call returns a new builder.
 *
 * Names come from declared tables, values are always bound: no string of a
 * caller becomes SQL text. What does not fit together is refused by `build`,
 * or does not compile.
 */
export interface QueryBuilder<
  S extends Scope,
  Items extends readonly unknown[] = readonly [],
  Values extends object = NoValues,
> {
  /** Adds columns to the row: by name, or `{ name: column }` and `{ name: count() }`. */
  select<const More extends readonly Selection<S>[]>(
    ...items: More
  ): QueryBuilder<S, readonly [...Items, ...More], Values>;

  /** Adds a table whose rows are matched by equal columns. */
  join<Kind extends JoinKind, T extends Source>(
    kind: Kind,
    table: T,
    on: JoinOn<S & ScopeOf<T>>,
  ): QueryBuilder<Joined<S, T, Kind>, Items, Values>;

  /** Keeps rows for which this condition, too, holds. */
  where<Name extends ColumnName<S>>(
    column: Name,
    operator: NullOperator,
  ): QueryBuilder<S, Items, Values>;
  where<
    Name extends ColumnName<S>,
    O extends Operator,
    const Value extends Operand<ValueIn<S, Name>, O>,
  >(
    column: Name,
    operator: O,
    value: Value,
  ): QueryBuilder<S, Items, Values & ParamValues<Value, OperandValue<ValueIn<S, Name>, O>>>;
  where<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): QueryBuilder<S, Items, Values & ConditionValues<S, List>>;

  /** Keeps rows for which at least one of these conditions holds. */
  whereAny<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): QueryBuilder<S, Items, Values & ConditionValues<S, List>>;

  /**
   * Keeps rows for which this SQL holds. Lifts the guarantee that no text of a
   * caller becomes SQL: `sql` must not be made from input.
   */
  unsafeWhere<const List extends readonly (SqlValue | Param)[] = readonly []>(
    sql: string,
    params?: List,
  ): QueryBuilder<S, Items, Values & UnsafeValues<List>>;

  /** Makes one row of all rows that agree in these columns. */
  groupBy(...columns: readonly ColumnName<S>[]): QueryBuilder<S, Items, Values>;

  /** Sorts by this column among rows that the earlier ones leave equal. Default: "asc". */
  orderBy(column: ColumnName<S>, direction?: "asc" | "desc"): QueryBuilder<S, Items, Values>;

  /** Returns at most this many rows; needs an order. */
  limit<const Count extends number | Param>(
    count: Count,
  ): QueryBuilder<S, Items, Values & ParamValues<Count, number>>;

  /** Leaves out this many rows first; needs a limit. */
  offset<const Count extends number | Param>(
    count: Count,
  ): QueryBuilder<S, Items, Values & ParamValues<Count, number>>;

  /** @throws {AtlasError} storage.query_invalid, naming the part that is wrong. */
  build(): Query<Simplify<SelectedRow<S, Items>>, Simplify<Values>>;
}

/** What the placeholders of unsafe SQL make a query ask for. */
export type UnsafeValues<List extends readonly unknown[]> = List extends readonly [
  infer First,
  ...infer Rest,
]
  ? ParamValues<First, SqlValue> & UnsafeValues<Rest>
  : unknown;

/** Gives a table another name within a query. */
export function alias<T extends Table, const Alias extends string>(
  table: T,
  name: Alias,
): AliasedTable<T, Alias> {
  return Object.freeze({ table, alias: name });
}
