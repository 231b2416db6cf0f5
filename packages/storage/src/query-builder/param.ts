import { storageError } from "../errors.ts";
import { isName } from "./name.ts";

// Not a string key: a json value may be an object with any property.
const brand: unique symbol = Symbol("param");

/** Stands in a built query for a value that is given each time the query runs. */
export interface Param<Name extends string = string> {
  readonly [brand]: Name;
}

/** What `value` makes a query ask for when it is a {@link Param}; nothing otherwise. */
export type ParamValues<Value, Type> =
  Value extends Param<infer Name> ? { readonly [Key in Name]: Type } : unknown;

/**
 * A placeholder for the query builder. The query's values get a property of
 * this name, of the type of the column it is compared with or written to.
 *
 * @throws {AtlasError} storage.query_invalid when the name is not an identifier.
 */
export function param<const Name extends string>(name: Name): Param<Name> {
  if (isName(name)) return Object.freeze({ [brand]: name });
  throw storageError(
    "storage.query_invalid",
    "A placeholder is named with letters, digits and underscores, beginning with a letter.",
  );
}

/** The name of a placeholder, or undefined for anything else. */
export function paramName(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as Param)[brand];
}
