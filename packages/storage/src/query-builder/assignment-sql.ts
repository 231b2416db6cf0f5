import { encoderOf } from "./codec.ts";
import { referencedColumn } from "./column-reference.ts";
import type { ColumnResolver, ResolvedColumn } from "./column-resolver.ts";
import { bound, familyOf } from "./operand-sql.ts";
import { plusAmount } from "./plus.ts";
import { queryInvalid } from "./query-invalid.ts";
import { joinParts, type SqlPart } from "./sql-part.ts";

/** The text after SET. */
export function assignmentsSql(
  set: readonly (readonly [string, unknown])[],
  columns: ColumnResolver,
): SqlPart {
  if (set.length === 0) throw queryInvalid("set", "no column is given");
  const assigned = set.map(([name]) => columns.resolve(name, "set"));
  if (new Set(assigned.map(({ name }) => name)).size !== assigned.length) {
    throw queryInvalid("set", "a column is given twice");
  }
  const parts = assigned.map((target, at) => assignmentSql(target, set[at]![1], columns));
  return joinParts(parts, ", ");
}

function assignmentSql(target: ResolvedColumn, value: unknown, columns: ColumnResolver): SqlPart {
  const { sql, name, column } = target;
  if (value === undefined) throw queryInvalid("set", `the column "${name}" has no value`);
  const amount = plusAmount(value);
  if (amount !== undefined) {
    if (column.type !== "integer" && column.type !== "real") {
      throw queryInvalid("set", `plus needs a column of numbers, and "${name}" is ${column.type}`);
    }
    return { sql: `${sql} = ${sql} + ?`, params: [amount] };
  }
  const source = referencedColumn(value);
  if (source !== undefined) {
    const other = columns.resolve(source, "set");
    refuseOtherColumn(target, other);
    return { sql: `${sql} = ${other.sql}`, params: [] };
  }
  if (value === null && column.nullable !== true) {
    throw queryInvalid("set", `the column "${name}" is not nullable`);
  }
  return { sql: `${sql} = ?`, params: [bound(value, encoderOf(column), "set")] };
}

function refuseOtherColumn({ name, column }: ResolvedColumn, other: ResolvedColumn): void {
  if (familyOf(column.type) !== familyOf(other.column.type)) {
    throw queryInvalid("set", `the column "${name}" is not of the type of "${other.name}"`);
  }
  if (other.column.nullable === true && column.nullable !== true) {
    throw queryInvalid("set", `the column "${name}" is not nullable, and "${other.name}" is`);
  }
}
