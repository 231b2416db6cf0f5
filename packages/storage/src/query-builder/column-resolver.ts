import { isIdentifier } from "../define-table.ts";
import type { ColumnDefinition, TableDefinition } from "../table.ts";
import { queryInvalid, shown } from "./query-invalid.ts";

/** One table of a query under the name it has there. */
export interface NamedTable {
  readonly alias: string;
  readonly table: TableDefinition;
}

/** A column that exists, with the text that stands for it. */
export interface ResolvedColumn {
  readonly name: string;
  readonly alias: string;
  readonly sql: string;
  readonly column: ColumnDefinition;
}

/**
 * Finds columns by name. The only way from a caller's name to SQL text: what
 * comes out is the declared name, not the given one.
 */
export class ColumnResolver {
  readonly #tables: readonly NamedTable[];

  constructor(tables: readonly NamedTable[]) {
    this.#tables = tables;
    for (const [at, { alias }] of tables.entries()) {
      if (!isIdentifier(alias)) throw queryInvalid("alias", `${shown(alias)} is not an identifier`);
      if (tables.findIndex((other) => other.alias === alias) !== at) {
        throw queryInvalid("join", `${shown(alias)} is in the query twice, so give one an alias`);
      }
    }
  }

  /** @throws {AtlasError} storage.query_invalid for unknown and ambiguous names. */
  resolve(name: string, part: string): ResolvedColumn {
    if (typeof name !== "string") throw queryInvalid(part, `${shown(name)} is not a column`);
    const dot = name.indexOf(".");
    const column = dot < 0 ? name : name.slice(dot + 1);
    const found = this.#tables.filter(
      ({ alias, table }) =>
        (dot < 0 || alias === name.slice(0, dot)) && Object.hasOwn(table.columns, column),
    );
    const [only] = found;
    if (only === undefined) throw queryInvalid(part, `there is no column ${shown(name)}`);
    if (found.length > 1) {
      const names = found.map(({ alias }) => `${alias}.${column}`).join(" or ");
      throw queryInvalid(part, `the column ${shown(name)} is ambiguous; write ${names}`);
    }
    return {
      name: column,
      alias: only.alias,
      sql: this.#tables.length === 1 ? `"${column}"` : `"${only.alias}"."${column}"`,
      column: only.table.columns[column]!,
    };
  }
}
