import type { Query } from "../query.ts";
import { decoderOf, type DecodedColumn } from "./codec.ts";
import { ColumnResolver } from "./column-resolver.ts";
import { comparisonSql, type ColumnSql } from "./comparison-sql.ts";
import { whereSql, type ConditionPlace } from "./condition-sql.ts";
import { aggregateSql } from "./expression-sql.ts";
import { fromSql } from "./from-sql.ts";
import { limitSql, orderSql } from "./order-sql.ts";
import { queryInvalid } from "./query-invalid.ts";
import type { SelectPlace, SelectSql } from "./select-place.ts";
import type { SelectState } from "./select-state.ts";
import { refuseUngrouped, selectedColumns, type Selected } from "./selection-sql.ts";
import { joinParts, noSql, type SqlPart } from "./sql-part.ts";
import { Statement } from "./statement.ts";

/** Terms by which a query is grouped or sorted. */
const termsMax = 500;

/** Compiles a query; the text depends on its structure alone, never on a value. */
export function compileSelect(state: SelectState): Query {
  const statement = new Statement(selectSql);
  const { selected, ...body } = selectSql(state, { statement, outer: [], self: undefined });
  const whole = joinParts([statement.withSql(), body], "");
  const decode = decoderOf(selected.flatMap(decodedColumn));
  // The row type that the builder followed is what `decode` returns.
  return Object.freeze({
    sql: whole.sql,
    params: Object.freeze(whole.params),
    ...(decode === undefined ? {} : { decode }),
  }) as Query;
}

/** Compiles a query that returns rows, alone or inside another one. */
export function selectSql(state: SelectState, place: SelectPlace): SelectSql {
  const columns = new ColumnResolver(state.tables, place.outer);
  const selected = selectedColumns(state, columns);
  const list = joinParts(
    selected.map(({ sql, name, params }) => ({ sql: `${sql} AS "${name}"`, params })),
    ", ",
  );
  const rest = restSql(state, place, { columns, selected });
  const word = state.distinct ? "SELECT DISTINCT " : "SELECT ";
  return {
    sql: `${word}${list.sql}${rest.sql}`,
    params: [...list.params, ...rest.params],
    selected,
  };
}

/** Compiles conditions of a statement over these tables, with the queries inside them. */
export function conditionPlace(columns: ColumnResolver, statement: Statement): ConditionPlace {
  const inner = { statement, outer: columns.tables, self: undefined };
  return {
    columns,
    statement,
    compileExists: (query) => statement.nested(() => existsSql(query, inner)),
    compileColumn: (query) =>
      statement.nested(() => columnSql(query, { statement, outer: [], self: undefined })),
  };
}

interface SelectParts {
  readonly columns: ColumnResolver;
  readonly selected: readonly Selected[];
}

function restSql(state: SelectState, place: SelectPlace, parts: SelectParts): SqlPart {
  const { columns, selected } = parts;
  useQueries(state, place);
  const conditions = conditionPlace(columns, place.statement);
  refuseTerms(state);
  const grouped = state.groupBy.map((name) => columns.resolve(name, "groupBy").sql);
  refuseUngrouped(selected, grouped);
  return joinParts(
    [
      { sql: ` FROM ${fromSql(state, columns, place.statement)}`, params: [] },
      whereSql(state.conditions, conditions),
      { sql: grouped.length === 0 ? "" : ` GROUP BY ${grouped.join(", ")}`, params: [] },
      havingSql(state, conditions),
      orderSql(state, { columns, selected, grouped }),
      limitSql(state),
    ],
    "",
  );
}

function refuseTerms({ groupBy, orderBy }: SelectState): void {
  for (const [part, terms] of Object.entries({ groupBy, orderBy })) {
    if (terms.length > termsMax) throw queryInvalid(part, `it has more than ${termsMax} terms`);
  }
}

function useQueries(state: SelectState, { statement, self }: SelectPlace): void {
  for (const { query } of state.tables) {
    if (query === undefined) continue;
    if (query === self) {
      statement.useTables(1);
      continue;
    }
    if (query.start === undefined) {
      throw queryInvalid("with", "the rows found last are read only once, by the step itself");
    }
    statement.useWith(query);
  }
}

function existsSql(state: SelectState, place: SelectPlace): SqlPart {
  if (state.items.length > 0) throw queryInvalid("exists", "its query selects nothing");
  const columns = new ColumnResolver(state.tables, place.outer);
  const rest = restSql(state, place, { columns, selected: [] });
  return { ...rest, sql: `SELECT 1${rest.sql}` };
}

function columnSql(state: SelectState, place: SelectPlace): ColumnSql {
  const { selected, ...part } = selectSql(state, place);
  const [only] = selected;
  if (only === undefined || selected.length > 1) {
    throw queryInvalid("in", "its query selects more than one column");
  }
  return { ...part, column: only.column };
}

function havingSql(state: SelectState, place: ConditionPlace): SqlPart {
  if (state.having.length === 0) return noSql;
  if (state.groupBy.length === 0) throw queryInvalid("having", "there is no groupBy");
  place.statement.useConditions(state.having.length);
  const parts = state.having.map(({ aggregate, operator, value }) => {
    const { column, ...sql } = aggregateSql(aggregate, place.columns, "having");
    const left = { name: aggregate.aggregate, part: "having", sql, column } as const;
    return comparisonSql(left, { operator, value }, place);
  });
  const all = joinParts(parts, " AND ");
  return { ...all, sql: ` HAVING ${all.sql}` };
}

function decodedColumn({ name, column: { type } }: Selected): readonly DecodedColumn[] {
  return type === "boolean" || type === "json" ? [{ name, type }] : [];
}
