import type { Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { TableDefinition } from "../table.ts";
import type { AnyCondition } from "./condition.ts";
import { allOf, sqlGroup, type WhereArguments } from "./condition-group.ts";
import type { ConditionGroup } from "./condition-sql.ts";
import type { Param } from "./param.ts";
import type { JoinKind, QueryBuilder } from "./query-builder.ts";
import type { ScopeOf, Source } from "./scope.ts";
import { compileSelect, type SelectState } from "./select-sql.ts";
import type { NamedTable } from "./column-resolver.ts";

/**
 * Starts a query over a declared table. Its columns are named plainly, or as
 * `table.column` once more tables are joined.
 */
export function from<T extends Source>(table: T): QueryBuilder<ScopeOf<T>> {
  return builderOf({
    tables: [named(table)],
    joins: [],
    items: [],
    groups: [],
    groupBy: [],
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }) as QueryBuilder<ScopeOf<T>>;
}

/**
 * The builder without its types: they only exist for the compiler, which
 * follows them in {@link QueryBuilder}; here every name is looked up again.
 */
type UntypedBuilder = {
  readonly [Method in keyof QueryBuilder<never>]: (...given: never) => unknown;
};

function builderOf(state: SelectState): UntypedBuilder {
  const next = (change: Partial<SelectState>): UntypedBuilder => builderOf({ ...state, ...change });
  const where = (group: ConditionGroup): UntypedBuilder =>
    next({ groups: [...state.groups, group] });
  return Object.freeze({
    select: (...items: SelectState["items"]) => next({ items: [...state.items, ...items] }),
    join: (kind: JoinKind, table: Source, on: Readonly<Record<string, string>>) => {
      const joined = named(table);
      const join = { kind, ...joined, on: Object.entries(on) };
      return next({ tables: [...state.tables, joined], joins: [...state.joins, join] });
    },
    where: (...given: WhereArguments) => where(allOf("all", given)),
    whereAny: (conditions: readonly AnyCondition[]) => where(allOf("any", [conditions])),
    unsafeWhere: (sql: string, params: readonly (SqlValue | Param)[] = []) =>
      where(sqlGroup(sql, params)),
    groupBy: (...columns: readonly string[]) => next({ groupBy: [...state.groupBy, ...columns] }),
    orderBy: (column: string, direction: "asc" | "desc" = "asc") =>
      next({ orderBy: [...state.orderBy, { column, direction }] }),
    limit: (count: number | Param) => next({ limit: count }),
    offset: (count: number | Param) => next({ offset: count }),
    build: (): Query => compileSelect(state),
  });
}

function named(source: Source): NamedTable {
  if ("table" in source) return { alias: source.alias, table: source.table };
  const table: TableDefinition = source;
  return { alias: table.name, table };
}
