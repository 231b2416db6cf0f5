import type { RawRow } from "../sql-value.ts";

/** Bytes of a number as SQLite gives it to its caller. */
const numberBytes = 8;

/** Bytes of the values of a row: UTF-8 of texts, which are counted as one byte per character. */
export function bytesOf(row: RawRow): number {
  let bytes = 0;
  for (const name in row) {
    const value = row[name];
    if (typeof value === "string") bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.byteLength;
    else if (value !== null && value !== undefined) bytes += numberBytes;
  }
  return bytes;
}
