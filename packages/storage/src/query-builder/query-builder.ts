import type { NoValues } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Table } from "../table.ts";
import type { AggregateIn, AggregateValue } from "./aggregate.ts";
import type {
  Condition,
  ConditionValues,
  Correlated,
  NullOperator,
  Operand,
  OperandValues,
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
  SourceValues,
  ValueIn,
  WithTable,
} from "./scope.ts";
import type { SelectedRow, Selection } from "./selection.ts";
import type { Subquery, SubqueryValues } from "./subquery.ts";
import type { UnsafeExpression } from "./unsafe-expression.ts";

/** Which rows a join keeps: those of both sides, or all of the named side too. */
export type JoinKind = "inner" | "left" | "right";

/** The scope of a query after a join. */
export type Joined<S extends Scope, T extends Source, Kind extends JoinKind> = (Kind extends "right"
  ? Optional<S>
  : S) &
  (Kind extends "left" ? Optional<ScopeOf<T>> : ScopeOf<T>);

/** Pairs of columns that must be equal. */
export type JoinOn<S extends Scope> = { readonly [Name in QualifiedName<S>]?: QualifiedName<S> };

/** What rows are sorted by. */
export type OrderTerm<S extends Scope> = ColumnName<S> | AggregateIn<S> | UnsafeExpression;

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
> extends Subquery<Simplify<SelectedRow<S, Items>>, Simplify<Values>> {
  /** Adds columns to the row: by name, or `{ name: column }` and `{ name: count() }`. */
  select<const More extends readonly Selection<S>[]>(
    ...items: More
  ): QueryBuilder<S, readonly [...Items, ...More], Values>;

  /** Makes one row of all rows that are the same in every selected column. */
  distinct(): QueryBuilder<S, Items, Values>;

  /** Adds a table whose rows are matched by equal columns. */
  join<Kind extends JoinKind, T extends Source>(
    kind: Kind,
    table: T,
    on: JoinOn<S & ScopeOf<T>>,
  ): QueryBuilder<Joined<S, T, Kind>, Items, Values & SourceValues<T>>;

  /** Keeps rows for which this condition, too, holds. */
  where<Name extends ColumnName<S>>(
    column: Name,
    operator: NullOperator,
  ): QueryBuilder<S, Items, Values>;
  where<
    Name extends ColumnName<S>,
    O extends Operator,
    const Given extends Operand<S, ValueIn<S, Name>, O>,
  >(
    column: Name,
    operator: O,
    value: Given,
  ): QueryBuilder<S, Items, Values & OperandValues<ValueIn<S, Name>, O, Given>>;
  where<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): QueryBuilder<S, Items, Values & ConditionValues<S, List>>;

  /** Keeps rows for which at least one of these conditions holds. */
  whereAny<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): QueryBuilder<S, Items, Values & ConditionValues<S, List>>;

  /**
   * Keeps rows for which the query has a row. It may compare its columns with
   * those of this query: `(outer) => outer.from(notes).where("notes.task", "eq",
   * column("tasks.id"))`.
   */
  whereExists<Q extends ReturnType<Correlated<S>>>(
    query: (outer: Outer<S>) => Q,
  ): QueryBuilder<S, Items, Values & SubqueryValues<Q>>;

  /** Keeps rows for which the query has no row. */
  whereNotExists<Q extends ReturnType<Correlated<S>>>(
    query: (outer: Outer<S>) => Q,
  ): QueryBuilder<S, Items, Values & SubqueryValues<Q>>;

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

  /** Keeps groups for which this condition, too, holds; needs `groupBy`. */
  having(aggregate: AggregateIn<S>, operator: NullOperator): QueryBuilder<S, Items, Values>;
  having<
    const A extends AggregateIn<S>,
    O extends Operator,
    const Given extends Operand<S, AggregateValue<S, A>, O>,
  >(
    aggregate: A,
    operator: O,
    value: Given,
  ): QueryBuilder<S, Items, Values & OperandValues<AggregateValue<S, A>, O, Given>>;

  /**
   * Sorts by this among rows that the earlier terms leave equal. Default:
   * "asc"; rows without a value come first in "asc" and last in "desc".
   */
  orderBy(
    term: OrderTerm<S>,
    direction?: "asc" | "desc",
    nulls?: "first" | "last",
  ): QueryBuilder<S, Items, Values>;

  /** Returns at most this many rows; needs an order. */
  limit<const Count extends number | Param>(
    count: Count,
  ): QueryBuilder<S, Items, Values & ParamValues<Count, number>>;

  /** Leaves out this many rows first; needs a limit. */
  offset<const Count extends number | Param>(
    count: Count,
  ): QueryBuilder<S, Items, Values & ParamValues<Count, number>>;
}

/** Begins a query inside another one, whose columns it may name. */
export interface Outer<S extends Scope> {
  /** Starts a query over a table that the outer query does not read under the same name. */
  from<T extends Source>(table: T): QueryBuilder<S & ScopeOf<T>, readonly [], SourceValues<T>>;
}

/** What the placeholders of unsafe SQL make a query ask for. */
export type UnsafeValues<List extends readonly unknown[]> = List extends readonly [
  infer First,
  ...infer Rest,
]
  ? ParamValues<First, SqlValue> & UnsafeValues<Rest>
  : unknown;

/** Gives a table another name within a query. */
export function alias<T extends Table | WithTable, const Alias extends string>(
  table: T,
  name: Alias,
): AliasedTable<T, Alias> {
  return Object.freeze({ table, alias: name });
}
