import type { AnyCollection } from "./collection-definition.ts";
import type { Row } from "./collection-statements.ts";

/** The key columns of a record. */
export function keyValuesOf({ key }: AnyCollection, record: Row): Row {
  return Object.fromEntries(key.map((column) => [column, record[column]]));
}

/** The key columns of a key as callers give it: one value, or an object of several. */
export function keyValues({ key }: AnyCollection, given: unknown): Row {
  if (key.length === 1) return { [key[0]!]: given };
  // The type of the collection says that a key of several columns is an object.
  const values = given as Row;
  return Object.fromEntries(key.map((column) => [column, values[column]]));
}

/** A key as the change log writes it: the value, or a JSON list of several. */
export function keyText({ key }: AnyCollection, record: Row): string {
  return key.length === 1
    ? String(record[key[0]!])
    : JSON.stringify(key.map((column) => record[column]));
}
