import type { Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Table, TableDefinition } from "../table.ts";
import { assignmentsSql } from "./assignment-sql.ts";
import type { ChangeBuilder, UpdateStart } from "./change-builder.ts";
import { ColumnResolver } from "./column-resolver.ts";
import {
  conditionsOf,
  existsNode,
  sqlNode,
  type ConditionNode,
  type WhereArguments,
} from "./condition-node.ts";
import { whereSql } from "./condition-sql.ts";
import type { Param } from "./param.ts";
import { queryInvalid } from "./query-invalid.ts";
import { returningSql } from "./returning-sql.ts";
import { innerStart } from "./select-query.ts";
import { conditionPlace, selectSql } from "./select-sql.ts";
import { joinParts, noSql } from "./sql-part.ts";
import { Statement } from "./statement.ts";

interface ChangeState {
  readonly table: TableDefinition;
  /** Undefined for a deletion. */
  readonly set: readonly (readonly [string, unknown])[] | undefined;
  readonly conditions: readonly ConditionNode[];
  readonly everywhere: boolean;
  readonly returning: readonly string[];
}

/** Starts a query that changes rows of a table. */
export function updateTable<T extends Table>(table: T): UpdateStart<T> {
  const start = { table, conditions: [], everywhere: false, returning: [] };
  const set = (assignments: object): object =>
    builderOf({ ...start, set: Object.entries(assignments) });
  // The builder follows its types by itself; here every name is looked up again.
  return Object.freeze({ set }) as UpdateStart<T>;
}

/** Starts a query that deletes rows of a table. */
export function deleteFrom<T extends Table>(table: T): ChangeBuilder<T> {
  return builderOf({
    table,
    set: undefined,
    conditions: [],
    everywhere: false,
    returning: [],
  }) as ChangeBuilder<T>;
}

function builderOf(state: ChangeState): object {
  const next = (change: Partial<ChangeState>): object => builderOf({ ...state, ...change });
  const where = (condition: ConditionNode): object =>
    next({ conditions: [...state.conditions, condition] });
  return Object.freeze({
    where: (...given: WhereArguments) => where(conditionsOf("all", given, innerStart)),
    whereAny: (conditions: readonly unknown[]) =>
      where(conditionsOf("any", [conditions], innerStart)),
    whereExists: (query: unknown) => where(existsNode("exists", query, innerStart)),
    whereNotExists: (query: unknown) => where(existsNode("notExists", query, innerStart)),
    unsafeWhere: (sql: string, params: readonly (SqlValue | Param)[] = []) =>
      where(sqlNode(sql, params)),
    everywhere: () => next({ everywhere: true }),
    returning: (...names: readonly string[]) => next({ returning: names }),
    build: () => compileChange(state),
  });
}

function compileChange(state: ChangeState): Query {
  const { table, conditions, everywhere, returning } = state;
  const { name, columns: declared } = table;
  const columns = new ColumnResolver([{ alias: name, name, columns: declared }]);
  if (conditions.length === 0 && !everywhere) {
    throw queryInvalid("where", "no condition is given; if every row is meant, say everywhere()");
  }
  const statement = new Statement(selectSql);
  statement.useTable(name);
  const set = state.set === undefined ? noSql : assignmentsSql(state.set, columns);
  const where = whereSql(conditions, conditionPlace(columns, statement));
  const back = returningSql(returning, columns);
  const start =
    state.set === undefined
      ? { ...noSql, sql: `DELETE FROM "${name}"` }
      : { ...set, sql: `UPDATE "${name}" SET ${set.sql}` };
  const whole = joinParts([statement.withSql(), start, where], "");
  return Object.freeze({
    sql: `${whole.sql}${back.sql}`,
    params: Object.freeze(whole.params),
    ...(back.decode === undefined ? {} : { decode: back.decode }),
  }) as Query;
}
