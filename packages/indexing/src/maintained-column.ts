import type { Connection, Dialect, Query, Reader, SqlValue, TableDefinition } from "@atlas/storage";
import type { MaintainedColumnDeclaration } from "./index-declaration.ts";
import { type KeyList, keyListOf, keyLookup, rowKeyOf } from "./key-list.ts";
import type { RowKey } from "./row-change.ts";

/** A row that does not hold what its expression says. */
export interface WrongValue {
  readonly key: SqlValue;
  readonly expected: SqlValue;
  readonly actual: SqlValue;
}

/** The statements of one maintained column, compiled once. */
export class MaintainedColumn {
  readonly declaration: MaintainedColumnDeclaration;
  readonly #recompute: Query<RowKey | null, KeyList>;
  readonly #repair: Query;
  readonly #wrong: Query<WrongValue, { readonly limit: number }>;
  readonly #count: Query<number>;

  constructor(
    declaration: MaintainedColumnDeclaration,
    source: { readonly dialect: Dialect; readonly table: TableDefinition },
  ) {
    const { key: match } = declaration;
    const [table, column, key] = [declaration.table, declaration.column, match].map((name) =>
      source.dialect.quoteIdentifier(name),
    );
    const wanted = keyLookup({ table: source.table, match, key: match });
    const expression = `(${declaration.expression})`;
    const differs = `self.${column} IS DISTINCT FROM ${expression}`;
    const update = `UPDATE ${table} AS self SET ${column} = ${expression} WHERE`;

    this.declaration = declaration;
    this.#recompute = {
      sql: `${update} self.${key} IN (${wanted.sql}) AND ${differs} RETURNING ${key} AS "key"`,
      params: wanted.params,
      decode: rowKeyOf,
    };
    this.#repair = { sql: `${update} ${differs}`, params: [] };
    this.#wrong = {
      sql:
        `SELECT self.${key} AS "key", ${expression} AS expected, self.${column} AS actual ` +
        `FROM ${table} AS self WHERE ${differs} LIMIT ?`,
      params: [{ placeholder: "limit" }],
      decode: (row) => ({ key: row["key"]!, expected: row["expected"]!, actual: row["actual"]! }),
    };
    this.#count = {
      sql: `SELECT count(${column}) AS entries FROM ${table}`,
      params: [],
      decode: (row) => Number(row["entries"]),
    };
  }

  /** Writes the rows of these keys whose value is another now, and names them. */
  async recompute(connection: Connection, keys: ReadonlySet<RowKey>): Promise<readonly RowKey[]> {
    const changed = await connection.all(this.#recompute, keyListOf(keys));
    return changed.filter((key) => key !== null);
  }

  /** Writes every row whose value is wrong; answers how many there were. */
  async repair(connection: Connection): Promise<number> {
    return (await connection.run(this.#repair)).changes;
  }

  findWrong(reader: Reader, limit: number): Promise<WrongValue[]> {
    return reader.all(this.#wrong, { limit });
  }

  /** Rows that have a value. */
  async count(reader: Reader): Promise<number> {
    return (await reader.get(this.#count)) ?? 0;
  }
}
