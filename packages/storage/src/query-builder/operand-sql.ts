import type { Placeholder } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { ColumnType } from "../table.ts";
import type { Encode } from "./codec.ts";
import { paramName } from "./param.ts";
import { queryInvalid } from "./query-invalid.ts";

/** A value as it is stored, or the placeholder for one. */
export function bound(
  value: unknown,
  encode: Encode | undefined,
  part: string,
): SqlValue | Placeholder {
  const name = paramName(value);
  if (name === undefined) {
    // Encoders take more than SqlValue and look again.
    const stored: unknown = encode === undefined ? value : encode(value as SqlValue);
    if (isSqlValue(stored)) return stored;
    throw queryInvalid(part, "a value is of a kind SQL cannot hold");
  }
  return Object.freeze({ placeholder: name, ...(encode === undefined ? {} : { encode }) });
}

/** True for what the database can be given; NaN would arrive as null. */
function isSqlValue(value: unknown): value is SqlValue {
  if (typeof value === "number") return !Number.isNaN(value);
  if (typeof value === "string" || typeof value === "bigint") return true;
  return value === null || value instanceof Uint8Array;
}

/** Columns of one family can be compared with each other. */
export function familyOf(type: ColumnType): string {
  return type === "integer" || type === "real" ? "number" : type;
}
