import type { Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Table } from "../table.ts";
import type { Aggregate } from "./aggregate.ts";
import type { NamedTable } from "./column-resolver.ts";
import type { NullOperator, Operator } from "./condition.ts";
import {
  conditionsOf,
  existsNode,
  sqlNode,
  type ConditionNode,
  type WhereArguments,
} from "./condition-node.ts";
import type { Param } from "./param.ts";
import type { JoinKind, QueryBuilder } from "./query-builder.ts";
import { queryInvalid } from "./query-invalid.ts";
import type { ScopeOf, Source, SourceValues, WithTable } from "./scope.ts";
import { compileSelect } from "./select-sql.ts";
import { rememberState, type SelectState } from "./select-state.ts";
import { reads } from "./subquery.ts";
import { withStateOf } from "./with-state.ts";

/**
 * Starts a query over a declared table, or over a query with a name. Its columns
 * are named plainly, or as `table.column` once more tables are joined.
 */
export function from<T extends Source>(
  table: T,
): QueryBuilder<ScopeOf<T>, readonly [], SourceValues<T>> {
  return builderOf({
    tables: [named(table)],
    joins: [],
    items: [],
    distinct: false,
    conditions: [],
    groupBy: [],
    having: [],
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }) as QueryBuilder<ScopeOf<T>, readonly [], SourceValues<T>>;
}

/** How queries inside a condition begin. */
export const innerStart: { readonly from: typeof from } = Object.freeze({ from });

// Without its types: they only exist for the compiler, which follows them in
// QueryBuilder; here every name is looked up again.
function builderOf(state: SelectState): object {
  const next = (change: Partial<SelectState>): object => builderOf({ ...state, ...change });
  const where = (condition: ConditionNode): object =>
    next({ conditions: [...state.conditions, condition] });
  const builder = Object.freeze({
    select: (...items: SelectState["items"]) => next({ items: [...state.items, ...items] }),
    distinct: () => next({ distinct: true }),
    join: (kind: JoinKind, source: Source, on: Readonly<Record<string, string>>) => {
      const table = named(source);
      const join = { kind, table, on: Object.entries(on) };
      return next({ tables: [...state.tables, table], joins: [...state.joins, join] });
    },
    where: (...given: WhereArguments) => where(conditionsOf("all", given, innerStart)),
    whereAny: (conditions: readonly unknown[]) =>
      where(conditionsOf("any", [conditions], innerStart)),
    whereExists: (query: unknown) => where(existsNode("exists", query, innerStart)),
    whereNotExists: (query: unknown) => where(existsNode("notExists", query, innerStart)),
    unsafeWhere: (sql: string, params: readonly (SqlValue | Param)[] = []) =>
      where(sqlNode(sql, params)),
    groupBy: (...columns: readonly string[]) => next({ groupBy: [...state.groupBy, ...columns] }),
    having: (aggregate: Aggregate, operator: Operator | NullOperator, value?: unknown) =>
      next({ having: [...state.having, { aggregate, operator, value }] }),
    orderBy: (term: unknown, direction: "asc" | "desc" = "asc", nulls?: "first" | "last") =>
      next({ orderBy: [...state.orderBy, { term, direction, nulls }] }),
    limit: (count: number | Param) => next({ limit: count }),
    offset: (count: number | Param) => next({ offset: count }),
    build: (): Query => compileSelect(state),
    [reads]: true,
  } satisfies { readonly [Member in keyof QueryBuilder<never>]: unknown });
  return rememberState(builder, state);
}

function named(source: Source): NamedTable {
  const aliased = "table" in source;
  const table: Table | WithTable = aliased ? source.table : source;
  const alias = aliased ? source.alias : table.name;
  if ("columns" in table) return { alias, name: table.name, columns: table.columns };
  const query = withStateOf(table);
  if (query === undefined) throw queryInvalid("from", "it is neither a table nor a named query");
  return { alias, name: query.name, columns: query.columns, query };
}
