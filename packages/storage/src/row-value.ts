import type { RowLookup } from "./change-feed.ts";

/**
 * A value of a column as text, the same for all values that SQL finds equal in
 * a column of the type; undefined for one that need not be found by it alone.
 */
export function rowValueOf(type: RowLookup["type"], value: unknown): string | undefined {
  if (type === "text") {
    // The encoding replaces half a surrogate pair, so that another text is looked for.
    const exact = typeof value === "string" && value.isWellFormed() && !value.includes("\0");
    return exact ? `s${value}` : undefined;
  }
  if (typeof value === "bigint") return `n${value}`;
  // Zero has two signs here and one in SQL.
  return Number.isSafeInteger(value) ? `n${Number(value) + 0}` : undefined;
}
