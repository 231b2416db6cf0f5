import {
  from,
  param,
  type Query,
  type RawRow,
  type Table,
  type TableDefinition,
} from "@atlas/storage";
import { indexError } from "./errors.ts";
import type { RowKey } from "./row-change.ts";

/** Keys one update accepts, for each maintained column. */
const keysMax = 100_000;

/** The value of a query that takes a list of keys. */
export interface KeyList {
  readonly keys: readonly RowKey[];
}

/** Values of one column in the rows where another one is in a list. */
export interface KeyLookup {
  readonly table: TableDefinition;
  readonly match: string;
  readonly key: string;
}

/**
 * Reads `key` of the rows whose `match` is in a list. The text is the same for
 * every length of the list, and how a list is bound stays with storage.
 */
export function keyLookup({ table, match, key }: KeyLookup): Query<RowKey | null, KeyList> {
  const { sql, params } = from(table as Table)
    .select({ key })
    .where(match, "in", param("keys") as never)
    .build();
  // The builder cannot follow names that are only known when the program runs; it looks
  // them up again, and its placeholder takes a list under the name "keys".
  return { sql, params, decode: rowKeyOf };
}

/** @throws {AtlasError} index.too_many_keys */
export function keyListOf(keys: Iterable<RowKey>): KeyList {
  const list = [...keys];
  if (list.length <= keysMax) return { keys: list };
  throw indexError(
    "index.too_many_keys",
    `${list.length} rows are to be recomputed at once, but at most ${keysMax} are accepted.`,
    { details: { keys: list.length, keysMax } },
  );
}

/** The key in a row that has it under this name. */
export function rowKeyOf(row: RawRow): RowKey | null {
  const key = row["key"];
  // Keys are text or integer columns, which come out as strings and numbers.
  return typeof key === "string" || typeof key === "number" ? key : null;
}
