import type { NoValues, Placeholder, Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { RowOf, Table, TableDefinition } from "../table.ts";
import { encoderOf } from "./codec.ts";
import { ColumnResolver } from "./column-resolver.ts";
import type {
  AnyCondition,
  Condition,
  ConditionValues,
  NullOperator,
  Operand,
  OperandValue,
  Operator,
} from "./condition.ts";
import { bound, whereSql, type ConditionGroup, type SqlPart } from "./condition-sql.ts";
import { allOf, sqlGroup, type WhereArguments } from "./condition-group.ts";
import type { NameIn, RowPart } from "./insert-query.ts";
import { paramName, type Param, type ParamValues } from "./param.ts";
import { plusAmount, type Plus } from "./plus.ts";
import type { UnsafeValues } from "./query-builder.ts";
import { queryInvalid } from "./query-invalid.ts";
import { returningSql } from "./returning-sql.ts";
import type { ColumnName, ScopeOf, Simplify, ValueIn } from "./scope.ts";

/** New values of columns: a value, a placeholder, or `plus(n)` for numbers. */
export type Assignments<T extends Table> = {
  readonly [Name in NameIn<T>]?:
    | RowOf<T>[Name]
    | Param
    | (number extends RowOf<T>[Name] ? Plus : never);
};

/** What the placeholders among assignments make a query ask for. */
export type AssignedValues<T extends Table, A> = {
  readonly [Name in keyof A as A[Name] extends Param<infer P> ? P : never]: Name extends NameIn<T>
    ? RowOf<T>[Name]
    : never;
};

/** Builds a query that changes or deletes rows. Without a condition it is refused. */
export interface ChangeBuilder<T extends Table, Values extends object, Row = never> {
  /** Only rows for which this condition, too, holds. */
  where<Name extends ColumnName<ScopeOf<T>>>(
    column: Name,
    operator: NullOperator,
  ): ChangeBuilder<T, Values, Row>;
  where<
    Name extends ColumnName<ScopeOf<T>>,
    O extends Operator,
    const Value extends Operand<ValueIn<ScopeOf<T>, Name>, O>,
  >(
    column: Name,
    operator: O,
    value: Value,
  ): ChangeBuilder<T, Values & ParamValues<Value, OperandValue<ValueIn<ScopeOf<T>, Name>, O>>, Row>;
  where<const List extends readonly Condition<ScopeOf<T>>[]>(
    conditions: List,
  ): ChangeBuilder<T, Values & ConditionValues<ScopeOf<T>, List>, Row>;
  /** Only rows for which at least one of these conditions holds. */
  whereAny<const List extends readonly Condition<ScopeOf<T>>[]>(
    conditions: List,
  ): ChangeBuilder<T, Values & ConditionValues<ScopeOf<T>, List>, Row>;
  /** Only rows for which this SQL holds, which must not be made from input. */
  unsafeWhere<const List extends readonly (SqlValue | Param)[] = readonly []>(
    sql: string,
    params?: List,
  ): ChangeBuilder<T, Values & UnsafeValues<List>, Row>;
  /** Says that every row of the table is meant. */
  everywhere(): ChangeBuilder<T, Values, Row>;
  /** Returns these columns of each row: as changed, or as deleted. */
  returning<const Some extends readonly NameIn<T>[]>(
    ...names: Some
  ): ChangeBuilder<T, Values, RowPart<T, Some[number]>>;
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

interface ChangeState {
  readonly table: TableDefinition;
  /** Undefined for a deletion. */
  readonly set: readonly (readonly [string, unknown])[] | undefined;
  readonly groups: readonly ConditionGroup[];
  readonly everywhere: boolean;
  readonly returning: readonly string[];
}

/** Starts a query that changes rows of a table. */
export function updateTable<T extends Table>(table: T): UpdateStart<T> {
  const start = { table, groups: [], everywhere: false, returning: [] };
  const set = (assignments: object): object =>
    builderOf({ ...start, set: Object.entries(assignments) });
  // The builder follows its types by itself; here every name is looked up again.
  return Object.freeze({ set }) as UpdateStart<T>;
}

/** Starts a query that deletes rows of a table. */
export function deleteFrom<T extends Table>(table: T): ChangeBuilder<T, NoValues> {
  return builderOf({
    table,
    set: undefined,
    groups: [],
    everywhere: false,
    returning: [],
  }) as ChangeBuilder<T, NoValues>;
}

function builderOf(state: ChangeState): object {
  const next = (change: Partial<ChangeState>): object => builderOf({ ...state, ...change });
  const where = (group: ConditionGroup): object => next({ groups: [...state.groups, group] });
  return Object.freeze({
    where: (...given: WhereArguments) => where(allOf("all", given)),
    whereAny: (conditions: readonly AnyCondition[]) => where(allOf("any", [conditions])),
    unsafeWhere: (sql: string, params: readonly (SqlValue | Param)[] = []) =>
      where(sqlGroup(sql, params)),
    everywhere: () => next({ everywhere: true }),
    returning: (...names: readonly string[]) => next({ returning: names }),
    build: () => compileChange(state),
  });
}

function compileChange(state: ChangeState): Query {
  const { table, groups, everywhere, returning } = state;
  const columns = new ColumnResolver([{ alias: table.name, table }]);
  if (groups.length === 0 && !everywhere) {
    throw queryInvalid("where", "no condition is given; if every row is meant, say everywhere()");
  }
  const set = state.set === undefined ? undefined : setSql(state.set, columns);
  const where = whereSql(groups, columns);
  const back = returningSql(returning, columns);
  const start =
    set === undefined ? `DELETE FROM "${table.name}"` : `UPDATE "${table.name}" SET ${set.sql}`;
  return Object.freeze({
    sql: `${start}${where.sql}${back.sql}`,
    params: Object.freeze([...(set?.params ?? []), ...where.params]),
    ...(back.decode === undefined ? {} : { decode: back.decode }),
  }) as Query;
}

function setSql(set: readonly (readonly [string, unknown])[], columns: ColumnResolver): SqlPart {
  if (set.length === 0) throw queryInvalid("set", "no column is given");
  const parts = set.map(([name, value]) => assignmentSql(columns, name, value));
  return {
    sql: parts.map(({ sql }) => sql).join(", "),
    params: parts.flatMap(({ params }) => params),
  };
}

function assignmentSql(columns: ColumnResolver, name: string, value: unknown): SqlPart {
  const { sql, column } = columns.resolve(name, "set");
  if (value === undefined) throw queryInvalid("set", `the column "${name}" has no value`);
  const amount = plusAmount(value);
  if (amount !== undefined) {
    if (column.type !== "integer" && column.type !== "real") {
      throw queryInvalid("set", `plus needs a column of numbers, and "${name}" is ${column.type}`);
    }
    return { sql: `${sql} = ${sql} + ?`, params: [amount] };
  }
  if (value === null && column.nullable !== true) {
    throw queryInvalid("set", `the column "${name}" is not nullable`);
  }
  const param: SqlValue | Placeholder = bound(value, encoderOf(column));
  if (paramName(value) === undefined && !isSqlValue(param)) {
    throw queryInvalid("set", `the value for "${name}" is of a kind SQL cannot hold`);
  }
  return { sql: `${sql} = ?`, params: [param] };
}

function isSqlValue(value: unknown): boolean {
  return (
    value === null ||
    value instanceof Uint8Array ||
    ["string", "number", "bigint"].includes(typeof value)
  );
}
