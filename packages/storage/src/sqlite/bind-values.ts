import { storageError } from "../errors.ts";
import type { Placeholder, Query } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { HandleStatement } from "./driver.ts";
import type { ChangeResult } from "./step-log.ts";

/** Values that are bound as arguments. */
const argumentsMax = 8;

/** What binding needs of a query, whatever its rows and values are. */
export type BindableQuery = Pick<Query, "sql" | "params">;

/**
 * The values of a query in the order of its `?`.
 *
 * @throws {AtlasError} storage.value_missing
 */
export function bindValues(query: BindableQuery, values: object | undefined): SqlValue[] {
  const { params } = query;
  const bound: SqlValue[] = [];
  // A plain loop: this runs before every single statement.
  for (let at = 0; at < params.length; at += 1) bound.push(bindValue(params[at]!, values));
  return bound;
}

/**
 * What stands in the place of one `?`.
 *
 * @throws {AtlasError} storage.value_missing
 */
export function bindValue(param: SqlValue | Placeholder, values: object | undefined): SqlValue {
  if (typeof param !== "object" || param === null || !("placeholder" in param)) return param;
  // Read by name from an object the type of the query describes.
  const value = (values as Readonly<Record<string, SqlValue>> | undefined)?.[param.placeholder];
  // The driver would bind undefined as null without a word.
  if (value === undefined) throw missing(param.placeholder);
  return param.encode === undefined ? value : param.encode(value);
}

/**
 * Runs a statement that returns no rows. A few values are quicker as arguments
 * than in a list, which the driver reads one by one; many are not, and there is
 * a limit to arguments.
 */
export function runBound(statement: HandleStatement, bound: SqlValue[]): ChangeResult {
  return bound.length <= argumentsMax ? statement.run(...bound) : statement.run(bound);
}

function missing(name: string): Error {
  return storageError(
    "storage.value_missing",
    `The query was run without a value for :${name}. Give one, or null for no value.`,
    { details: { placeholder: name } },
  );
}
