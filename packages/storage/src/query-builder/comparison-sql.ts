import type { SqlValue } from "../sql-value.ts";
import type { ColumnDefinition } from "../table.ts";
import { encodeList, encoderOf } from "./codec.ts";
import { referencedColumn } from "./column-reference.ts";
import type { ColumnResolver } from "./column-resolver.ts";
import type { ComparisonOperator, ListOperator, NullOperator, Operator } from "./condition.ts";
import { bound, familyOf } from "./operand-sql.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import { stateOf, type SelectState } from "./select-state.ts";
import { joinParts, type SqlPart } from "./sql-part.ts";
import type { Statement } from "./statement.ts";

/** Where a comparison stands. */
export interface ComparisonPlace {
  readonly columns: ColumnResolver;
  readonly statement: Statement;
  readonly compileColumn: (query: SelectState) => ColumnSql;
}

/** A query of one column. */
export interface ColumnSql extends SqlPart {
  readonly column: ColumnDefinition;
}

/** What stands on the left of an operator. */
export interface Left {
  /** For messages. */
  readonly name: string;
  readonly part: "where" | "having";
  readonly sql: SqlPart;
  readonly column: ColumnDefinition;
}

/** An operator with what stands on its right. */
export interface Right {
  readonly operator: Operator | NullOperator;
  readonly value: unknown;
}

const words: Readonly<Record<ComparisonOperator, string>> = {
  eq: "=",
  neq: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
};

const others: readonly unknown[] = ["in", "notIn", "like", "notLike", "between"];

/** One operator with what stands on both sides. */
export function comparisonSql(left: Left, right: Right, place: ComparisonPlace): SqlPart {
  const { operator, value } = right;
  if (operator === "isNull") return { ...left.sql, sql: `${left.sql.sql} IS NULL` };
  if (operator === "isNotNull") return { ...left.sql, sql: `${left.sql.sql} IS NOT NULL` };
  refuseOperand(left, operator, value);
  return joinParts([left.sql, rightSql(left, { operator, value }, place)], " ");
}

function rightSql(
  left: Left,
  { operator, value }: { readonly operator: Operator; readonly value: unknown },
  place: ComparisonPlace,
): SqlPart {
  const encode = encoderOf(left.column);
  if (operator === "in" || operator === "notIn") return listSql(left, { operator, value }, place);
  if (operator === "between") return pairSql(left, value);
  if (operator === "like" || operator === "notLike") {
    const word = operator === "like" ? "LIKE" : "NOT LIKE";
    return { sql: `${word} ? ESCAPE '\\'`, params: [bound(value, encode, left.part)] };
  }
  const word = words[operator];
  const name = referencedColumn(value);
  if (name === undefined) return { sql: `${word} ?`, params: [bound(value, encode, left.part)] };
  const other = place.columns.resolve(name, left.part);
  refuseOtherType(left, name, other.column);
  return { sql: `${word} ${other.sql}`, params: [] };
}

function listSql(
  left: Left,
  { operator, value }: { readonly operator: ListOperator; readonly value: unknown },
  place: ComparisonPlace,
): SqlPart {
  const word = operator === "in" ? "IN" : "NOT IN";
  const query = stateOf(value);
  if (query !== undefined) {
    const inner = place.compileColumn(query);
    refuseOtherType(left, "the query", inner.column);
    if (operator === "notIn" && inner.column.nullable === true) {
      throw queryInvalid(
        left.part,
        `the query of ${left.name} notIn may return null, with which it is never true; ` +
          "leave null out with isNotNull in a query of a required column, or use notExists",
      );
    }
    return { sql: `${word} (${inner.sql})`, params: inner.params };
  }
  if (Array.isArray(value) && value.length === 0) {
    throw queryInvalid(left.part, `the list of ${left.name} ${operator} is empty`);
  }
  const encode = (values: unknown): SqlValue => encodeList(left.column, values);
  // One placeholder for any number of values keeps the text the same.
  return {
    sql: `${word} (SELECT value FROM json_each(?))`,
    params: [bound(value, encode, left.part)],
  };
}

function pairSql(left: Left, value: unknown): SqlPart {
  if (!Array.isArray(value) || value.length !== 2) {
    throw queryInvalid(left.part, `${left.name} between needs two values`);
  }
  const pair: readonly unknown[] = value;
  for (const end of pair) refuseNull(left, "between", end);
  const encode = encoderOf(left.column);
  return { sql: "BETWEEN ? AND ?", params: pair.map((end) => bound(end, encode, left.part)) };
}

function refuseOperand(left: Left, operator: Operator, value: unknown): void {
  const { name, part, column } = left;
  if (!others.includes(operator) && !Object.hasOwn(words, operator)) {
    throw queryInvalid(part, `there is no operator ${shown(operator)}`);
  }
  refuseNull(left, operator, value);
  const isList = operator === "in" || operator === "notIn";
  if (column.type === "json" || (column.type === "blob" && isList)) {
    throw queryInvalid(part, `the column ${name} of type ${column.type} does not take ${operator}`);
  }
  if ((operator === "like" || operator === "notLike") && column.type !== "text") {
    throw queryInvalid(part, `${operator} needs a text column, and ${name} is ${column.type}`);
  }
}

function refuseNull({ name, part }: Left, operator: Operator, value: unknown): void {
  if (value === undefined) throw queryInvalid(part, `${name} ${operator} has no value`);
  if (value !== null) return;
  const instead = operator === "neq" || operator.startsWith("not") ? "isNotNull" : "isNull";
  throw queryInvalid(
    part,
    `${name} ${operator} null is never true in SQL; use the operator ${instead}`,
  );
}

function refuseOtherType(left: Left, other: string, { type }: ColumnDefinition): void {
  if (familyOf(type) === familyOf(left.column.type) && type !== "json") return;
  throw queryInvalid(
    left.part,
    `${left.name} is ${left.column.type} and ${shown(other)} is ${type}, which are not compared`,
  );
}
