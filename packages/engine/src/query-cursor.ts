/**
 * Cursors are opaque to callers and harmless to the store: they hold the order
 * values of the last record of a page and a fingerprint of the query they
 * belong to. The checksum tells an altered cursor from a damaged program; it
 * keeps nobody out, because a cursor opens nothing that a query does not.
 */
import { createHash } from "node:crypto";
import { engineError } from "./errors.ts";

/** A value by which records are ordered. */
export type CursorValue = string | number | boolean | null;

const lengthMax = 65_536;

/** A short stable name for a value that JSON can hold. */
export function fingerprintOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 12);
}

/** Writes down where a page ended. */
export function encodeCursor(fingerprint: string, values: readonly CursorValue[]): string {
  const payload = JSON.stringify([fingerprint, ...values]);
  return Buffer.from(fingerprintOf(payload) + payload).toString("base64url");
}

/**
 * Reads where the page before ended.
 *
 * @throws {AtlasError} operation.cursor_invalid
 */
export function decodeCursor(cursor: string, fingerprint: string): readonly CursorValue[] {
  if (cursor.length > lengthMax || !/^[\w-]+$/.test(cursor)) throw altered();
  const text = Buffer.from(cursor, "base64url").toString();
  const payload = text.slice(12);
  if (fingerprintOf(payload) !== text.slice(0, 12)) throw altered();
  const [owner, ...values] = parseList(payload);
  if (!values.every(isCursorValue)) throw altered();
  if (owner === fingerprint) return values;
  throw engineError(
    "operation.cursor_invalid",
    "The cursor belongs to another query. Repeat the filter, search and order it came from, " +
      "or start without a cursor.",
  );
}

function parseList(payload: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(payload);
    return Array.isArray(value) ? value : [];
  } catch {
    throw altered();
  }
}

function isCursorValue(value: unknown): value is CursorValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function altered(): Error {
  return engineError(
    "operation.cursor_invalid",
    "This is not a cursor, or it was altered. Pass nextCursor unchanged, or start without one.",
  );
}
