import type { SqlValue } from "../sql-value.ts";
import type { ColumnType } from "../table.ts";

// A symbol: nothing that was parsed from text can pass for SQL.
const brand: unique symbol = Symbol("unsafeExpression");

/** SQL text that computes one value per row, with the type that it is said to have. */
export interface UnsafeExpression<Type extends ColumnType = ColumnType> {
  readonly [brand]: string;
  readonly type: Type;
  readonly params: readonly SqlValue[];
}

/**
 * In `select` and `orderBy`: what this SQL computes, mapped like a nullable
 * column of the type. Lifts the guarantee that no text of a caller becomes SQL:
 * `sql` must not be made from input. Its `?` take `params`.
 */
export function unsafeExpression<const Type extends ColumnType>(
  type: Type,
  sql: string,
  params: readonly SqlValue[] = [],
): UnsafeExpression<Type> {
  return Object.freeze({ [brand]: sql, type, params: Object.freeze([...params]) });
}

/** The SQL text, or undefined for anything else. */
export function unsafeText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as UnsafeExpression)[brand];
}
