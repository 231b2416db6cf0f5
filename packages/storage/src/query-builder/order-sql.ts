import type { Placeholder } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { ColumnResolver } from "./column-resolver.ts";
import { expressionSql } from "./expression-sql.ts";
import { bound } from "./operand-sql.ts";
import { paramName, type Param } from "./param.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { OrderState, SelectState } from "./select-state.ts";
import type { Selected } from "./selection-sql.ts";
import { joinParts, noSql, type SqlPart } from "./sql-part.ts";

/** Where an order stands. */
export interface OrderPlace {
  readonly columns: ColumnResolver;
  readonly selected: readonly Selected[];
  readonly grouped: readonly string[];
}

/** The text after ORDER BY, or nothing for no order. */
export function orderSql(state: SelectState, place: OrderPlace): SqlPart {
  if (state.orderBy.length === 0) return noSql;
  const terms = state.orderBy.map((order) => termSql(order, state, place));
  const list = joinParts(terms, ", ");
  return { ...list, sql: ` ORDER BY ${list.sql}` };
}

/** The text after LIMIT, or nothing for no limit. */
export function limitSql({ limit, offset, orderBy }: SelectState): SqlPart {
  if (limit === undefined) {
    if (offset !== undefined) throw queryInvalid("offset", "there is no limit");
    return noSql;
  }
  if (orderBy.length === 0) {
    throw queryInvalid("limit", "there is no order, so any rows could be returned; add orderBy");
  }
  const params = [checkedCount(limit, "limit")];
  if (offset === undefined) return { sql: " LIMIT ?", params };
  return { sql: " LIMIT ? OFFSET ?", params: [...params, checkedCount(offset, "offset")] };
}

function termSql(order: OrderState, state: SelectState, place: OrderPlace): SqlPart {
  const { sql, params, refers } = orderedSql(order.term, place);
  const groups =
    place.grouped.length > 0 || place.selected.some(({ plain }) => plain === undefined);
  if (groups && refers !== undefined && !place.grouped.includes(refers)) {
    throw queryInvalid("orderBy", `${shown(order.term)} is not among the columns of groupBy`);
  }
  if (state.distinct && !place.selected.some((selected) => selected.sql === (refers ?? sql))) {
    throw queryInvalid("orderBy", "a query with distinct is sorted by selected columns only");
  }
  return { sql: `${sql}${directionSql(order)}`, params };
}

function orderedSql(
  term: unknown,
  { columns, selected, grouped }: OrderPlace,
): SqlPart & { readonly refers: string | undefined } {
  if (typeof term !== "string") {
    const expression = expressionSql(term, columns, "orderBy");
    if (expression.plain === undefined && grouped.length === 0) {
      throw queryInvalid("orderBy", "an aggregate needs groupBy");
    }
    return { sql: expression.sql, params: expression.params, refers: undefined };
  }
  const { sql, qualified, name } = columns.resolve(term, "orderBy");
  // A bare name would first be looked for among the names given in select.
  const hidden = selected.some(
    (other) => other.name.toLowerCase() === name.toLowerCase() && other.sql !== sql,
  );
  return { sql: hidden ? qualified : sql, params: [], refers: sql };
}

function directionSql({ direction, nulls }: OrderState): string {
  if (direction !== "asc" && direction !== "desc") {
    throw queryInvalid("orderBy", `there is no direction ${shown(direction)}`);
  }
  if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
    throw queryInvalid("orderBy", `there is no place ${shown(nulls)} for null`);
  }
  const word = direction === "desc" ? " DESC" : "";
  return nulls === undefined ? word : `${word} NULLS ${nulls === "first" ? "FIRST" : "LAST"}`;
}

function checkedCount(count: number | Param, part: string): SqlValue | Placeholder {
  if (paramName(count) !== undefined) return bound(count, encodeCount(part), part);
  return encodeCount(part)(count as number);
}

// A negative limit means none at all in SQLite.
function encodeCount(part: string): (value: SqlValue) => SqlValue {
  return (value) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw queryInvalid(part, "it is not a whole number of at least 0");
  };
}
