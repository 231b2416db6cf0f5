import { isName } from "./name.ts";
import type { ColumnDefinition } from "../table.ts";
import { queryInvalid, shown } from "./query-invalid.ts";
import type { WithState } from "./with-state.ts";

/** One table of a query, declared or itself a query, under the name it has there. */
export interface NamedTable {
  readonly alias: string;
  /** Its own name. */
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  /** Present for a query that is read like a table. */
  readonly query?: WithState;
}

/** A column that exists, with the text that stands for it. */
export interface ResolvedColumn {
  readonly name: string;
  readonly alias: string;
  readonly sql: string;
  /** The text with the name of the table in front. */
  readonly qualified: string;
  readonly column: ColumnDefinition;
  /** False for a column of a query that this one stands in. */
  readonly own: boolean;
}

/**
 * Finds columns by name. The only way from a caller's name to SQL text: what
 * comes out is the declared name, not the given one.
 */
export class ColumnResolver {
  /** Those of the query itself, then those of the queries it stands in. */
  readonly tables: readonly NamedTable[];
  readonly #own: readonly NamedTable[];

  constructor(own: readonly NamedTable[], outer: readonly NamedTable[] = []) {
    this.#own = own;
    this.tables = [...own, ...outer];
    const seen = new Set<string>();
    for (const { alias, name } of this.tables) {
      if (!isName(alias)) throw queryInvalid("alias", `${shown(alias)} is not an identifier`);
      if (!isName(name)) throw queryInvalid("from", `${shown(name)} is not an identifier`);
      // Names that differ only in case are the same to SQL.
      const lowered = alias.toLowerCase();
      if (seen.has(lowered)) {
        throw queryInvalid("join", `${shown(alias)} is in the query twice, so give one an alias`);
      }
      seen.add(lowered);
    }
  }

  /** @throws {AtlasError} storage.query_invalid for unknown and ambiguous names. */
  resolve(name: string, part: string): ResolvedColumn {
    if (typeof name !== "string") throw queryInvalid(part, `${shown(name)} is not a column`);
    const dot = name.indexOf(".");
    const column = dot < 0 ? name : name.slice(dot + 1);
    const found = this.tables.filter(
      ({ alias, columns }) =>
        (dot < 0 || alias === name.slice(0, dot)) && Object.hasOwn(columns, column),
    );
    const [only] = found;
    // The second question is for tables that nobody declared.
    if (only === undefined || !isName(column)) {
      throw queryInvalid(part, `there is no column ${shown(name)}`);
    }
    if (found.length > 1) {
      const names = found.map(({ alias }) => `${alias}.${column}`).join(" or ");
      throw queryInvalid(part, `the column ${shown(name)} is ambiguous; write ${names}`);
    }
    const qualified = `"${only.alias}"."${column}"`;
    return {
      name: column,
      alias: only.alias,
      sql: this.tables.length === 1 ? `"${column}"` : qualified,
      qualified,
      column: only.columns[column]!,
      own: this.#own.includes(only),
    };
  }
}
