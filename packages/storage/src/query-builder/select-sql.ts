import { isIdentifier } from "../define-table.ts";
import type { Placeholder, Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Aggregate, AggregateKind } from "./aggregate.ts";
import { decoderOf, type DecodedColumn } from "./codec.ts";
import { ColumnResolver, type NamedTable } from "./column-resolver.ts";
import { bound, whereSql, type ConditionGroup } from "./condition-sql.ts";
import { paramName, type Param } from "./param.ts";
import type { JoinKind } from "./query-builder.ts";
import { queryInvalid, shown } from "./query-invalid.ts";

/** Everything a query that reads was given. */
export interface SelectState {
  readonly tables: readonly NamedTable[];
  readonly joins: readonly JoinState[];
  readonly items: readonly (string | Readonly<Record<string, string | Aggregate>>)[];
  readonly groups: readonly ConditionGroup[];
  readonly groupBy: readonly string[];
  readonly orderBy: readonly { readonly column: string; readonly direction: "asc" | "desc" }[];
  readonly limit: number | Param | undefined;
  readonly offset: number | Param | undefined;
}

/** One join as it was given. */
export interface JoinState extends NamedTable {
  readonly kind: JoinKind;
  readonly on: readonly (readonly [left: string, right: string])[];
}

/** One column of the result. */
interface Selected {
  readonly sql: string;
  readonly name: string;
  /** The name in the table; undefined for an aggregate. */
  readonly plain: string | undefined;
  readonly decoded: DecodedColumn["type"] | undefined;
}

const joinWords: Readonly<Record<JoinKind, string>> = {
  inner: "INNER JOIN",
  left: "LEFT JOIN",
  right: "RIGHT JOIN",
};

const aggregateWords: Readonly<Record<AggregateKind, string>> = {
  count: "count",
  sum: "sum",
  min: "min",
  max: "max",
};

/** Compiles a query; the text depends on its structure alone, never on a value. */
export function compileSelect(state: SelectState): Query {
  const columns = new ColumnResolver(state.tables);
  const selected = selectedColumns(state, columns);
  const [first] = state.tables;
  const where = whereSql(state.groups, columns);
  const limits = limitSql(state);
  const sql = [
    `SELECT ${selected.map(({ sql: text, name }) => `${text} AS "${name}"`).join(", ")}`,
    ` FROM ${tableSql(first!)}`,
    ...state.joins.map((join) => joinSql(join, columns)),
    where.sql,
    groupSql(state, columns),
    orderSql(state, columns),
    limits.sql,
  ].join("");
  const decode = decoderOf(
    selected.flatMap(({ name, decoded }) =>
      decoded === undefined ? [] : [{ name, type: decoded }],
    ),
  );
  // The row type that the builder followed is what `decode` returns.
  return Object.freeze({
    sql,
    params: Object.freeze([...where.params, ...limits.params]),
    ...(decode === undefined ? {} : { decode }),
  }) as Query;
}

function selectedColumns(state: SelectState, columns: ColumnResolver): readonly Selected[] {
  const selected = state.items.flatMap((item) =>
    typeof item === "string"
      ? [selectedColumn(item, undefined, columns)]
      : Object.entries(item).map(([name, value]) =>
          typeof value === "string"
            ? selectedColumn(value, name, columns)
            : selectedAggregate(value, name, columns),
        ),
  );
  if (selected.length === 0) throw queryInvalid("select", "no column is selected");
  const twice = selected.find(
    ({ name }, at) => selected.findIndex((other) => other.name === name) !== at,
  );
  if (twice !== undefined) {
    throw queryInvalid("select", `two columns are named ${shown(twice.name)}; rename one`);
  }
  refuseUngrouped(selected, state, columns);
  return selected;
}

function selectedColumn(
  reference: string,
  name: string | undefined,
  columns: ColumnResolver,
): Selected {
  const { sql, name: plain, column } = columns.resolve(reference, "select");
  const decoded = column.type === "boolean" || column.type === "json" ? column.type : undefined;
  return { sql, name: name === undefined ? plain : checkedName(name), plain: sql, decoded };
}

function selectedAggregate(
  { aggregate, column }: Aggregate,
  name: string,
  columns: ColumnResolver,
): Selected {
  if (!Object.hasOwn(aggregateWords, aggregate)) {
    throw queryInvalid("select", `there is no aggregate ${shown(aggregate)}`);
  }
  const word = aggregateWords[aggregate];
  if (column === undefined && aggregate !== "count") {
    throw queryInvalid("select", `${word} needs a column`);
  }
  const resolved = column === undefined ? undefined : columns.resolve(column, "select");
  const type = resolved?.column.type;
  if (aggregate !== "count" && (type === "json" || type === "boolean" || type === "blob")) {
    throw queryInvalid("select", `${word} does not take a column of type ${type}`);
  }
  if (aggregate === "sum" && type === "text") {
    throw queryInvalid("select", "sum does not take a column of type text");
  }
  const sql = `${word}(${resolved?.sql ?? "*"})`;
  return { sql, name: checkedName(name), plain: undefined, decoded: undefined };
}

function checkedName(name: string): string {
  if (isIdentifier(name)) return name;
  throw queryInvalid("select", `${shown(name)} cannot name a column`);
}

// SQLite would take the value of some row of the group.
function refuseUngrouped(
  selected: readonly Selected[],
  state: SelectState,
  columns: ColumnResolver,
): void {
  const grouped = state.groupBy.map((name) => columns.resolve(name, "groupBy").sql);
  const aggregates = selected.some(({ plain }) => plain === undefined);
  if (!aggregates && grouped.length === 0) return;
  const loose = selected.find(({ plain }) => plain !== undefined && !grouped.includes(plain));
  if (loose === undefined) return;
  throw queryInvalid(
    "groupBy",
    `the selected column ${shown(loose.name)} is not among its columns`,
  );
}

function tableSql({ alias, table }: NamedTable): string {
  return alias === table.name ? `"${table.name}"` : `"${table.name}" AS "${alias}"`;
}

function joinSql(join: JoinState, columns: ColumnResolver): string {
  if (!Object.hasOwn(joinWords, join.kind)) {
    throw queryInvalid("join", `there is no kind ${shown(join.kind)}`);
  }
  if (join.on.length === 0) throw queryInvalid("join", "no columns are matched");
  const pairs = join.on.map(([left, right]) => {
    const [a, b] = [columns.resolve(left, "join"), columns.resolve(right, "join")];
    if (a.column.type !== b.column.type) {
      throw queryInvalid("join", `${shown(left)} and ${shown(right)} are of different types`);
    }
    return `${a.sql} = ${b.sql}`;
  });
  return ` ${joinWords[join.kind]} ${tableSql(join)} ON ${pairs.join(" AND ")}`;
}

function groupSql({ groupBy }: SelectState, columns: ColumnResolver): string {
  const names = groupBy.map((name) => columns.resolve(name, "groupBy").sql);
  return names.length === 0 ? "" : ` GROUP BY ${names.join(", ")}`;
}

function orderSql({ orderBy, groupBy }: SelectState, columns: ColumnResolver): string {
  const grouped = groupBy.map((name) => columns.resolve(name, "groupBy").sql);
  const parts = orderBy.map(({ column, direction }) => {
    if (direction !== "asc" && direction !== "desc") {
      throw queryInvalid("orderBy", `there is no direction ${shown(direction)}`);
    }
    const { sql } = columns.resolve(column, "orderBy");
    if (grouped.length > 0 && !grouped.includes(sql)) {
      throw queryInvalid("orderBy", `${shown(column)} is not among the columns of groupBy`);
    }
    return `${sql}${direction === "desc" ? " DESC" : ""}`;
  });
  return parts.length === 0 ? "" : ` ORDER BY ${parts.join(", ")}`;
}

function limitSql({ limit, offset, orderBy }: SelectState): {
  readonly sql: string;
  readonly params: readonly (SqlValue | Placeholder)[];
} {
  if (limit === undefined) {
    if (offset !== undefined) throw queryInvalid("offset", "there is no limit");
    return { sql: "", params: [] };
  }
  if (orderBy.length === 0) {
    throw queryInvalid("limit", "there is no order, so any rows could be returned; add orderBy");
  }
  const params = [checkedCount(limit, "limit")];
  if (offset === undefined) return { sql: " LIMIT ?", params };
  return { sql: " LIMIT ? OFFSET ?", params: [...params, checkedCount(offset, "offset")] };
}

function checkedCount(count: number | Param, part: string): SqlValue | Placeholder {
  if (paramName(count) !== undefined) return bound(count, encodeCount(part));
  return encodeCount(part)(count as number);
}

// A negative limit means none at all in SQLite.
function encodeCount(part: string): (value: SqlValue) => SqlValue {
  return (value) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw queryInvalid(part, "it is not a whole number of at least 0");
  };
}
