import type { Connection, Dialect, Query, Reader, SqlValue, TableDefinition } from "@atlas/storage";
import type { MaintainedColumnDeclaration } from "./index-declaration.ts";
import { type KeyList, keyListOf, keyLookup, rowKeyOf } from "./key-list.ts";
import type { Pace } from "./pace.ts";
import type { RowKey } from "./row-change.ts";
import { rawQuery, type RowRange, RowWalk } from "./row-walk.ts";

/** A row that does not hold what its expression says. */
export interface WrongValue {
  readonly key: SqlValue;
  readonly expected: SqlValue;
  readonly actual: SqlValue;
}

/** The statements of one maintained column, compiled once. */
export class MaintainedColumn {
  readonly declaration: MaintainedColumnDeclaration;
  readonly walk: RowWalk;
  readonly #recompute: Query<RowKey | null, KeyList>;
  readonly #repair: string;
  readonly #wrong: string;
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
    this.walk = new RowWalk(source.dialect, source.table);
    this.#recompute = {
      sql: `${update} self.${key} IN (${wanted.sql}) AND ${differs} RETURNING ${key} AS "key"`,
      params: wanted.params,
      decode: rowKeyOf,
    };
    this.#repair = `${update} ${differs}`;
    this.#wrong =
      `SELECT self.${key} AS "key", ${expression} AS expected, self.${column} AS actual ` +
      `FROM ${table} AS self WHERE ${differs}`;
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

  /** Writes every row whose value is wrong, or those of a range; answers how many there were. */
  async repair(connection: Connection, range?: RowRange): Promise<number> {
    const { sql, params } = range
      ? this.walk.condition(range, "self.")
      : { sql: "true", params: [] };
    return (await connection.run(rawQuery(`${this.#repair} AND ${sql}`, params))).changes;
  }

  /** Rows whose value is wrong, up to `limit`. To be run on one snapshot. */
  async findWrong(
    reader: Reader,
    { pace, limit }: { readonly pace: Pace; readonly limit: number },
  ): Promise<readonly WrongValue[]> {
    const found: WrongValue[] = [];
    let range = await this.walk.next(reader, undefined, pace.length);
    while (range !== undefined && found.length < limit) {
      const { sql, params } = this.walk.condition(range, "self.");
      const query = rawQuery(`${this.#wrong} AND ${sql} LIMIT ?`, [
        ...params,
        limit - found.length,
      ]);
      for (const row of await reader.all(query)) {
        found.push({ key: row["key"]!, expected: row["expected"]!, actual: row["actual"]! });
      }
      await pace.next(range.rows);
      range = await this.walk.next(reader, range.to, pace.length);
    }
    return found;
  }

  /** Rows that have a value. */
  async count(reader: Reader): Promise<number> {
    return (await reader.get(this.#count)) ?? 0;
  }
}
