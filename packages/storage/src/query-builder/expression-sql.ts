import type { ColumnDefinition, ColumnType } from "../table.ts";
import type { Aggregate, AggregateKind } from "./aggregate.ts";
import type { ColumnResolver } from "./column-resolver.ts";
import { refuseOtherCount } from "./condition-node.ts";
import { constantValue } from "./constant.ts";
import { bound } from "./operand-sql.ts";
import { summedColumn, type ColumnSum } from "./plus.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { SqlPart } from "./sql-part.ts";
import { unsafeText, type UnsafeExpression } from "./unsafe-expression.ts";

/** A value that a query computes. */
export interface ExpressionSql extends SqlPart {
  /** What kind of column it makes. */
  readonly column: ColumnDefinition;
  /** The columns that it is computed from row by row; undefined for aggregates. */
  readonly plain: readonly string[] | undefined;
}

const words: Readonly<Record<AggregateKind, string>> = {
  count: "count",
  countDistinct: "count",
  sum: "sum",
  avg: "avg",
  min: "min",
  max: "max",
};

const takes: Readonly<Record<AggregateKind, readonly ColumnType[]>> = {
  count: ["text", "integer", "real", "blob", "boolean", "json"],
  countDistinct: ["text", "integer", "real", "blob", "boolean"],
  sum: ["integer", "real"],
  avg: ["integer", "real"],
  min: ["text", "integer", "real"],
  max: ["text", "integer", "real"],
};

/** Compiles what stands in `select`, `having` or `orderBy` in the place of a column. */
export function expressionSql(
  expression: unknown,
  columns: ColumnResolver,
  part: string,
): ExpressionSql {
  const constant = constantValue(expression);
  if (constant !== undefined) return constantSql(constant);
  const summed = summedColumn(expression);
  if (summed !== undefined) return sumSql(expression as ColumnSum, columns, part);
  const text = unsafeText(expression);
  if (text !== undefined) return unsafeSql(expression as UnsafeExpression, text);
  if (typeof expression === "object" && expression !== null && "aggregate" in expression) {
    return aggregateSql(expression as Aggregate, columns, part);
  }
  throw queryInvalid(part, `a value of type ${typeof expression} is not a column`);
}

/** Compiles a value computed over the rows of a group. */
export function aggregateSql(
  { aggregate, column: name }: Aggregate,
  columns: ColumnResolver,
  part: string,
): ExpressionSql {
  if (typeof aggregate !== "string" || !Object.hasOwn(words, aggregate)) {
    throw queryInvalid(part, `there is no aggregate ${shown(aggregate)}`);
  }
  const integer = { type: "integer" } as const;
  if (name === undefined) {
    if (aggregate !== "count") throw queryInvalid(part, `${aggregate} needs a column`);
    return { sql: "count(*)", params: [], column: integer, plain: undefined };
  }
  const { sql, column, own } = columns.resolve(name, part);
  // SQL would compute it in the outer query.
  if (!own) throw queryInvalid(part, `${aggregate} of a column of the outer query`);
  if (!takes[aggregate].includes(column.type)) {
    throw queryInvalid(part, `${aggregate} does not take a column of type ${column.type}`);
  }
  const type = aggregate === "avg" ? "real" : column.type;
  return {
    sql: `${words[aggregate]}(${aggregate === "countDistinct" ? "DISTINCT " : ""}${sql})`,
    params: [],
    column: words[aggregate] === "count" ? integer : { type, nullable: true },
    plain: undefined,
  };
}

// The casts say the type to databases that cannot see it in a parameter.
function constantSql(value: string | number): ExpressionSql {
  const type =
    typeof value === "string" ? "text" : Number.isSafeInteger(value) ? "integer" : "real";
  const word = { text: "TEXT", integer: "BIGINT", real: "DOUBLE PRECISION" }[type];
  return { sql: `CAST(? AS ${word})`, params: [value], column: { type }, plain: [] };
}

function sumSql(expression: ColumnSum, columns: ColumnResolver, part: string): ExpressionSql {
  const { sql, name, column } = columns.resolve(summedColumn(expression)!, part);
  const { amount } = expression;
  if (column.type !== "integer" && column.type !== "real") {
    throw queryInvalid(part, `plus needs a column of numbers, and "${name}" is ${column.type}`);
  }
  if (column.type === "real") {
    return { sql: `${sql} + ?`, params: [amount], column, plain: [sql] };
  }
  if (!Number.isSafeInteger(amount)) {
    throw queryInvalid(part, `plus adds a whole number to "${name}", which is integer`);
  }
  // As an integer: as a number it would make the sum a real, which loses digits.
  return { sql: `${sql} + ?`, params: [BigInt(amount)], column, plain: [sql] };
}

function unsafeSql({ params, type }: UnsafeExpression, text: string): ExpressionSql {
  if (!takes.count.includes(type)) {
    throw queryInvalid("unsafeExpression", `there is no type ${shown(type)}`);
  }
  refuseOtherCount("unsafeExpression", text, params.length);
  return {
    sql: `(${text})`,
    params: params.map((value) => bound(value, undefined, "unsafeExpression")),
    column: { type, nullable: true },
    plain: [],
  };
}
