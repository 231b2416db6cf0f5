import type { RawRow } from "../sql-value.ts";
import { decoderOf, type DecodedColumn } from "./codec.ts";
import type { ColumnResolver } from "./column-resolver.ts";

/** The end of a statement that changes data: what it returns of each row. */
export interface Returning {
  readonly sql: string;
  readonly decode: ((row: RawRow) => Readonly<Record<string, unknown>>) | undefined;
}

/** Compiles the names after RETURNING; no text for no names. */
export function returningSql(names: readonly string[], columns: ColumnResolver): Returning {
  if (names.length === 0) return { sql: "", decode: undefined };
  const resolved = names.map((name) => columns.resolve(name, "returning"));
  const decoded: readonly DecodedColumn[] = resolved.flatMap(({ name, column: { type } }) =>
    type === "boolean" || type === "json" ? [{ name, type }] : [],
  );
  const list = resolved.map(({ sql, name }) => `${sql} AS "${name}"`).join(", ");
  return { sql: ` RETURNING ${list}`, decode: decoderOf(decoded) };
}
