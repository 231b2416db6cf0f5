import { storageError } from "../errors.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";
import type { ColumnDefinition } from "../table.ts";

/** Maps a value to what SQL stores; absent when it is stored as it is. */
export type Encode = (value: SqlValue) => SqlValue;

/** One column of a result whose values are mapped. */
export interface DecodedColumn {
  readonly name: string;
  readonly type: "boolean" | "json";
}

/** How values of a column are stored. */
export function encoderOf(column: ColumnDefinition): Encode | undefined {
  // What a boolean or json column takes is more than SqlValue; the types of the
  // builder say what, and each encoder looks again.
  if (column.type === "boolean") return encodeBoolean as Encode;
  if (column.type === "json") return encodeJson as Encode;
  return undefined;
}

/** How a list of values of a column is given to `json_each`. */
export function encodeList(column: ColumnDefinition, values: unknown): SqlValue {
  if (!Array.isArray(values) || values.some((value) => value === null || value === undefined)) {
    throw invalid("The operator in takes a list of values without null. Give one.");
  }
  const encode = encoderOf(column);
  const stored: readonly unknown[] =
    encode === undefined ? values : values.map((value) => encode(value));
  return `[${stored.map(listed).join(",")}]`;
}

/** Maps whole rows, or undefined when every column is returned as it is stored. */
export function decoderOf(
  columns: readonly DecodedColumn[],
): ((row: RawRow) => Readonly<Record<string, unknown>>) | undefined {
  if (columns.length === 0) return undefined;
  return (row) => {
    const decoded: Record<string, unknown> = { ...row };
    for (const { name, type } of columns) {
      const value = row[name] ?? null;
      decoded[name] = type === "json" ? decodeJson(name, value) : decodeBoolean(name, value);
    }
    return decoded;
  };
}

// Written as the database reads it back to the same value that it stores.
function listed(value: unknown): string {
  switch (typeof value) {
    case "string":
      // As the driver does with half a character.
      return JSON.stringify(value.toWellFormed());
    case "bigint":
      return String(value);
    case "number":
      if (Number.isNaN(value)) break;
      // Without an exponent it would be read as an integer with other digits.
      return Number.isSafeInteger(value) ? String(value) : numeral(value);
  }
  throw invalid("The operator in takes texts, numbers and booleans. Give a list of them.");
}

function numeral(value: number): string {
  return Number.isFinite(value) ? value.toExponential() : `${value < 0 ? "-" : ""}9e999`;
}

function encodeBoolean(value: unknown): SqlValue {
  if (value === null) return null;
  if (typeof value !== "boolean") throw invalid("A boolean column takes true, false or null.");
  return value ? 1 : 0;
}

function encodeJson(value: unknown): SqlValue {
  if (value === null) return null;
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text === "string") return text;
  } catch (cause) {
    throw invalid("A json column was given a value that JSON cannot hold.", cause);
  }
  throw invalid("A json column was given a value that JSON cannot hold.");
}

function decodeBoolean(name: string, value: SqlValue): boolean | null {
  if (value === null || value === 0 || value === 1) return value === null ? null : value === 1;
  throw rowInvalid(name, "boolean");
}

function decodeJson(name: string, value: SqlValue): unknown {
  if (value === null) return null;
  try {
    return JSON.parse(String(value));
  } catch {
    // The cause would quote the content.
    throw rowInvalid(name, "json");
  }
}

function invalid(message: string, cause?: unknown): Error {
  return storageError("storage.value_invalid", message, { cause });
}

function rowInvalid(name: string, type: string): Error {
  return storageError(
    "storage.row_invalid",
    `The column ${name} holds something that is not ${type}. Find out what wrote it.`,
    { details: { column: name, type } },
  );
}
