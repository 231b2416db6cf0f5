import { tokenizeSql } from "../sql-tokens.ts";
import type { SqlValue } from "../sql-value.ts";
import type { NullOperator, Operator } from "./condition.ts";
import { bound } from "./operand-sql.ts";
import type { Param } from "./param.ts";
import { queryInvalid } from "./query-invalid.ts";
import { stateOf, type SelectState } from "./select-state.ts";
import type { SqlPart } from "./sql-part.ts";

/** A condition as a builder keeps it, whatever its types were. */
export type ConditionNode =
  | {
      readonly kind: "column";
      readonly column: string;
      readonly operator: Operator | NullOperator;
      readonly value: unknown;
    }
  | { readonly kind: "all" | "any"; readonly nodes: readonly ConditionNode[] }
  | { readonly kind: "exists" | "notExists"; readonly query: SelectState }
  | { readonly kind: "sql"; readonly part: SqlPart };

const nodeKinds = ["column", "all", "any", "exists", "notExists"] as const;

/** The arguments of `where`, which takes one condition in parts or a list of them. */
export type WhereArguments =
  | readonly [conditions: readonly unknown[]]
  | readonly [column: string, operator: Operator | NullOperator, value?: unknown];

/**
 * Begins a query inside another one. Names are looked up when the whole query
 * is built, so this begins as every query does; an argument, because builders
 * need conditions as conditions need builders.
 */
export interface InnerStart {
  readonly from: (table: never) => object;
}

/** The conditions given to `where`, copied. */
export function conditionsOf(
  kind: "all" | "any",
  given: WhereArguments,
  start: InnerStart,
): ConditionNode {
  const [first, operator, value] = given;
  if (typeof first === "string") {
    if (operator === undefined) throw queryInvalid("where", "the operator is missing");
    return { kind: "column", column: first, operator, value };
  }
  return groupOf(kind, first, start);
}

/** The condition of `whereExists`. */
export function existsNode(
  kind: "exists" | "notExists",
  query: unknown,
  start: InnerStart,
): ConditionNode {
  if (typeof query !== "function") throw queryInvalid(kind, "it needs a function");
  const state = stateOf(query(start));
  if (state === undefined) throw queryInvalid(kind, "its function does not return a query");
  return { kind, query: state };
}

/** The condition of `unsafeWhere`. */
export function sqlNode(sql: string, params: readonly (SqlValue | Param)[]): ConditionNode {
  refuseOtherCount("unsafeWhere", sql, params.length);
  return {
    kind: "sql",
    part: { sql, params: params.map((value) => bound(value, undefined, "unsafeWhere")) },
  };
}

/** @throws {AtlasError} storage.query_invalid when the text has not one `?` for each value. */
export function refuseOtherCount(part: string, sql: string, values: number): void {
  const count = tokenizeSql(sql).filter(({ kind }) => kind === "positional").length;
  if (count !== values) throw queryInvalid(part, `the SQL has ${count} ? for ${values} values`);
}

function groupOf(kind: "all" | "any", given: unknown, start: InnerStart): ConditionNode {
  if (!Array.isArray(given)) throw queryInvalid("where", "the conditions are not a list");
  if (given.length === 0) throw queryInvalid("where", "the list of conditions is empty");
  const conditions: readonly unknown[] = given;
  return { kind, nodes: conditions.map((condition) => nodeOf(condition, start)) };
}

function nodeOf(given: unknown, start: InnerStart): ConditionNode {
  if (typeof given !== "object" || given === null) {
    throw queryInvalid("where", "a condition is not an object");
  }
  const condition: Readonly<Record<string, unknown>> = { ...given };
  const kinds = nodeKinds.filter((name) => name in condition);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw queryInvalid("where", `a condition needs one of ${nodeKinds.join(", ")}`);
  }
  if (kind === "all" || kind === "any") return groupOf(kind, condition[kind], start);
  if (kind !== "column") return existsNode(kind, condition[kind], start);
  const { column, operator, value } = condition;
  // Whatever they are, both are looked up when the query is built.
  return { kind, column: column as string, operator: operator as Operator, value };
}
