import type { Placeholder } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";

/** SQL text with what its `?` stand for. */
export interface SqlPart {
  readonly sql: string;
  readonly params: readonly (SqlValue | Placeholder)[];
}

/** No text and no values. */
export const noSql: SqlPart = Object.freeze({ sql: "", params: Object.freeze([]) });

/** Parts one after the other, with a text between them. */
export function joinParts(parts: readonly SqlPart[], between: string): SqlPart {
  return {
    sql: parts.map(({ sql }) => sql).join(between),
    params: parts.flatMap(({ params }) => params),
  };
}
