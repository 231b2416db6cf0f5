import type { NoValues, Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { RowOf, Table } from "../table.ts";
import type { ColumnReference } from "./column-reference.ts";
import type {
  Condition,
  ConditionValues,
  Correlated,
  NullOperator,
  Operand,
  OperandValues,
  Operator,
} from "./condition.ts";
import type { NameIn, RowPart } from "./insert-query.ts";
import type { Param } from "./param.ts";
import type { Plus } from "./plus.ts";
import type { Outer, UnsafeValues } from "./query-builder.ts";
import type { ColumnName, Scope, ScopeOf, Simplify, ValueIn } from "./scope.ts";
import type { SubqueryValues } from "./subquery.ts";

/** Columns whose values a column can take. */
type SourceOf<T extends Table, Value> = {
  [Name in NameIn<T>]: [RowOf<T>[Name]] extends [Value] ? Name : never;
}[NameIn<T>];

/** New values of columns: a value, a placeholder, another column, or `plus(n)` for numbers. */
export type Assignments<T extends Table> = {
  readonly [Name in NameIn<T>]?:
    | RowOf<T>[Name]
    | Param
    | ColumnReference<SourceOf<T, RowOf<T>[Name]>>
    | (number extends RowOf<T>[Name] ? Plus : never);
};

/** What the placeholders among assignments make a query ask for. */
export type AssignedValues<T extends Table, A> = {
  readonly [Name in keyof A as A[Name] extends Param<infer P> ? P : never]: Name extends NameIn<T>
    ? RowOf<T>[Name]
    : never;
};

/** Builds a query that changes or deletes rows. Without a condition it is refused. */
export interface ChangeBuilder<
  T extends Table,
  Values extends object = NoValues,
  Row = never,
  S extends Scope = ScopeOf<T>,
> {
  /** Only rows for which this condition, too, holds. */
  where<Name extends ColumnName<S>>(
    column: Name,
    operator: NullOperator,
  ): ChangeBuilder<T, Values, Row, S>;
  where<
    Name extends ColumnName<S>,
    O extends Operator,
    const Given extends Operand<S, ValueIn<S, Name>, O>,
  >(
    column: Name,
    operator: O,
    value: Given,
  ): ChangeBuilder<T, Values & OperandValues<ValueIn<S, Name>, O, Given>, Row, S>;
  where<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): ChangeBuilder<T, Values & ConditionValues<S, List>, Row, S>;
  /** Only rows for which at least one of these conditions holds. */
  whereAny<const List extends readonly Condition<S>[]>(
    conditions: List,
  ): ChangeBuilder<T, Values & ConditionValues<S, List>, Row, S>;
  /** Only rows for which the query, which may name their columns, has a row. */
  whereExists<Q extends ReturnType<Correlated<S>>>(
    query: (outer: Outer<S>) => Q,
  ): ChangeBuilder<T, Values & SubqueryValues<Q>, Row, S>;
  /** Only rows for which the query has no row. */
  whereNotExists<Q extends ReturnType<Correlated<S>>>(
    query: (outer: Outer<S>) => Q,
  ): ChangeBuilder<T, Values & SubqueryValues<Q>, Row, S>;
  /** Only rows for which this SQL holds, which must not be made from input. */
  unsafeWhere<const List extends readonly (SqlValue | Param)[] = readonly []>(
    sql: string,
    params?: List,
  ): ChangeBuilder<T, Values & UnsafeValues<List>, Row, S>;
  /** Says that every row of the table is meant. */
  everywhere(): ChangeBuilder<T, Values, Row, S>;
  /** Returns these columns of each row: as changed, or as deleted. */
  returning<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): ChangeBuilder<T, Values, RowPart<T, Some[number]>, S>;
  /** @throws {AtlasError} storage.query_invalid, naming the part that is wrong. */
  build(): Query<Row, Simplify<Values>>;
}

/** The first step of an update: what is set. */
export interface UpdateStart<T extends Table> {
  /** Gives columns new values. */
  set<const A extends Assignments<T>>(
    assignments: A & { readonly [Name in Exclude<keyof A, NameIn<T>>]: never },
  ): ChangeBuilder<T, AssignedValues<T, A>>;
}
