import { tokenizeSql } from "../sql-tokens.ts";
import type { SqlValue } from "../sql-value.ts";
import type { AnyCondition } from "./condition.ts";
import { bound, type ConditionGroup } from "./condition-sql.ts";
import type { Param } from "./param.ts";
import { queryInvalid } from "./query-invalid.ts";

/** The arguments of `where`, which takes one condition in parts or a list of them. */
export type WhereArguments =
  | readonly [conditions: readonly AnyCondition[]]
  | readonly [column: string, operator: AnyCondition["operator"], value?: unknown];

/** The conditions given to `where`, copied. */
export function allOf(match: "all" | "any", given: WhereArguments): ConditionGroup {
  const [first, operator, value] = given;
  if (typeof first === "string") {
    if (operator === undefined) throw queryInvalid("where", "the operator is missing");
    return { match, conditions: [{ column: first, operator, value }] };
  }
  if (!Array.isArray(first)) throw queryInvalid("where", "the conditions are not a list");
  const conditions: readonly AnyCondition[] = first;
  return { match, conditions: conditions.map((condition) => ({ ...condition })) };
}

/** The condition of `unsafeWhere`. */
export function sqlGroup(sql: string, params: readonly (SqlValue | Param)[]): ConditionGroup {
  const count = tokenizeSql(sql).filter(({ kind }) => kind === "positional").length;
  if (count !== params.length) {
    throw queryInvalid("unsafeWhere", `the SQL has ${count} ? for ${params.length} values`);
  }
  return { match: "sql", part: { sql, params: params.map((value) => bound(value, undefined)) } };
}
