import type { Placeholder } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import { encodeList, encoderOf, type Encode } from "./codec.ts";
import type { ColumnResolver, ResolvedColumn } from "./column-resolver.ts";
import type { AnyCondition, ComparisonOperator, Operator } from "./condition.ts";
import { paramName } from "./param.ts";
import { queryInvalid, shown } from "./query-invalid.ts";

/** SQL text with what its `?` stand for. */
export interface SqlPart {
  readonly sql: string;
  readonly params: readonly (SqlValue | Placeholder)[];
}

/** Conditions of which all, or at least one, must hold. */
export type ConditionGroup =
  | { readonly match: "all" | "any"; readonly conditions: readonly AnyCondition[] }
  | { readonly match: "sql"; readonly part: SqlPart };

const comparisons: Readonly<Record<ComparisonOperator, string>> = {
  eq: "=",
  neq: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
};

/** The text after WHERE, or nothing for no conditions. */
export function whereSql(groups: readonly ConditionGroup[], columns: ColumnResolver): SqlPart {
  const parts = groups.map((group) => groupSql(group, columns));
  if (parts.length === 0) return { sql: "", params: [] };
  return {
    sql: ` WHERE ${parts.map(({ sql }) => sql).join(" AND ")}`,
    params: parts.flatMap(({ params }) => params),
  };
}

function groupSql(group: ConditionGroup, columns: ColumnResolver): SqlPart {
  if (group.match === "sql") return { ...group.part, sql: `(${group.part.sql})` };
  if (group.conditions.length === 0) throw queryInvalid("where", "the list of conditions is empty");
  const parts = group.conditions.map((condition) => conditionSql(condition, columns));
  const text = parts.map(({ sql }) => sql).join(group.match === "all" ? " AND " : " OR ");
  return {
    sql: group.match === "any" && parts.length > 1 ? `(${text})` : text,
    params: parts.flatMap(({ params }) => params),
  };
}

function conditionSql({ column, operator, value }: AnyCondition, columns: ColumnResolver): SqlPart {
  const resolved = columns.resolve(column, "where");
  if (operator === "isNull") return { sql: `${resolved.sql} IS NULL`, params: [] };
  if (operator === "isNotNull") return { sql: `${resolved.sql} IS NOT NULL`, params: [] };
  refuseOperand(resolved, operator, value);
  if (operator === "in") {
    const encode = (values: unknown): SqlValue => encodeList(resolved.column, values);
    return {
      // One placeholder for any number of values keeps the text the same.
      sql: `${resolved.sql} IN (SELECT value FROM json_each(?))`,
      params: [bound(value, encode)],
    };
  }
  const params = [bound(value, encoderOf(resolved.column))];
  if (operator === "like") return { sql: `${resolved.sql} LIKE ? ESCAPE '\\'`, params };
  return { sql: `${resolved.sql} ${comparisons[operator]} ?`, params };
}

/** A value as it is stored, or the placeholder for one. */
export function bound(value: unknown, encode: Encode | undefined): SqlValue | Placeholder {
  const name = paramName(value);
  if (name === undefined) {
    // The types of the builder say that what needs no encoder is a SqlValue.
    return encode === undefined ? (value as SqlValue) : encode(value as SqlValue);
  }
  return Object.freeze({ placeholder: name, ...(encode === undefined ? {} : { encode }) });
}

function refuseOperand({ name, column }: ResolvedColumn, operator: Operator, value: unknown): void {
  if (operator !== "in" && operator !== "like" && !Object.hasOwn(comparisons, operator)) {
    throw queryInvalid("where", `there is no operator ${shown(operator)}`);
  }
  if (value === null) {
    const instead = operator === "neq" ? "isNotNull" : "isNull";
    throw queryInvalid(
      "where",
      `${name} ${operator} null is never true in SQL; use the operator ${instead}`,
    );
  }
  if (value === undefined) throw queryInvalid("where", `${name} ${operator} has no value`);
  if (column.type === "json" || (column.type === "blob" && operator === "in")) {
    throw queryInvalid(
      "where",
      `the column ${name} of type ${column.type} does not take ${operator}`,
    );
  }
  if (operator === "like" && column.type !== "text") {
    throw queryInvalid("where", `like needs a text column, and ${name} is ${column.type}`);
  }
}
