import { storageError } from "./errors.ts";
import type { NoValues, Placeholder, Query } from "./query.ts";
import type { RawRow, SqlValue } from "./sql-value.ts";
import { tokenizeSql } from "./sql-tokens.ts";

/** How rows come out of and values go into a query of SQL text. */
export interface SqlQueryOptions<Row, Values extends object> {
  /** Maps a raw row to `Row`. Default: rows are returned as they are. */
  readonly decode?: (row: RawRow) => Row;
  /** Maps given values, by placeholder, to what SQL stores. Default: as they are. */
  readonly encode?: { readonly [Name in keyof Values]?: (value: Values[Name]) => SqlValue };
}

/**
 * Compiles SQL text with `:name` placeholders, once.
 *
 * Placeholders inside strings, quoted names and comments are left alone; one
 * that occurs twice takes one value.
 *
 * @throws {AtlasError} storage.query_invalid for other forms of placeholders and unknown encoders.
 */
export function sqlQuery<Row = RawRow, Values extends object = NoValues>(
  text: string,
  options: SqlQueryOptions<Row, Values> = {},
): Query<Row, Values> {
  const encoders = new Map<string, unknown>(Object.entries(options.encode ?? {}));
  const params: Placeholder[] = [];
  let sql = "";
  for (const token of tokenizeSql(text)) {
    if (token.kind === "positional") {
      throw storageError(
        "storage.query_invalid",
        "The SQL text has a ? without a name. Write :name instead.",
      );
    }
    sql += token.kind === "named" ? "?" : token.text;
    if (token.kind === "named") params.push(placeholder(token.text.slice(1), encoders));
  }
  const unknown = [...encoders.keys()].find((name) => !params.some((p) => p.placeholder === name));
  if (unknown !== undefined) {
    throw storageError(
      "storage.query_invalid",
      `The query has an encoder for "${unknown}" but no placeholder :${unknown}.`,
    );
  }
  const { decode } = options;
  return Object.freeze({
    sql,
    params: Object.freeze(params),
    ...(decode === undefined ? {} : { decode }),
  });
}

function placeholder(name: string, encoders: ReadonlyMap<string, unknown>): Placeholder {
  const encode = encoders.get(name);
  if (encode === undefined) return Object.freeze({ placeholder: name });
  // The type of SqlQueryOptions ties the encoder to the value of this placeholder.
  return Object.freeze({ placeholder: name, encode: encode as (value: SqlValue) => SqlValue });
}
