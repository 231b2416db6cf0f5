import { storageError } from "../errors.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";

/**
 * True when a number of the row may stand for an integer that lost digits. The
 * driver rounds integers beyond 2^53 without a word.
 */
export function mayBeRounded(row: RawRow): boolean {
  for (const name in row) {
    const value = row[name];
    if (
      typeof value === "number" &&
      (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
    ) {
      return true;
    }
  }
  return false;
}

/**
 * Turns the bigints of a row that was read exactly into numbers.
 *
 * @throws {AtlasError} storage.integer_too_large
 */
export function toNumbers(row: RawRow): RawRow {
  const converted: Record<string, SqlValue> = {};
  for (const [name, value] of Object.entries(row)) {
    converted[name] = typeof value === "bigint" ? toNumber(name, value) : value;
  }
  return converted;
}

function toNumber(column: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw storageError(
    "storage.integer_too_large",
    `The column ${column} holds an integer that a JavaScript number cannot keep exactly. ` +
      "Select it as text.",
    { details: { column } },
  );
}
