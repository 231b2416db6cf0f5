import type { Dialect, Query, RawRow, Reader, SqlValue, TableDefinition } from "@atlas/storage";

/** Rows above `after`, up to `to`; both are values of {@link RowWalk.columns}. */
export interface RowRange {
  /** Absent at the beginning of the table. */
  readonly after?: readonly SqlValue[];
  readonly to: readonly SqlValue[];
  readonly rows: number;
}

/**
 * Walks through a table in ranges, in the order in which it is stored and
 * without any index, because an index may be what is wrong.
 */
export class RowWalk {
  /** What tells rows apart: their number, or the primary key of a table that has none. */
  readonly columns: readonly string[];
  readonly hasNumbers: boolean;
  /** The table in FROM, past every index. */
  readonly source: string;

  constructor(dialect: Dialect, table: TableDefinition) {
    this.hasNumbers = dialect.rowNumber(table) !== undefined;
    this.columns = this.hasNumbers
      ? ["rowid"]
      : table.primaryKey.map((column) => dialect.quoteIdentifier(column));
    this.source = dialect.pastIndexes(table);
  }

  /** The next range of at most `length` rows; undefined at the end. */
  async next(
    reader: Reader,
    after: readonly SqlValue[] | undefined,
    length: number,
  ): Promise<RowRange | undefined> {
    const order = this.columns.join(", ");
    const aliases = this.columns.map((column, at) => `${column} AS i${at}`).join(", ");
    const above = after === undefined ? "" : `WHERE ${this.#compare(">")}`;
    const rows = await reader.all<RawRow, object>({
      sql: `SELECT ${aliases} FROM ${this.source} ${above} ORDER BY ${order} LIMIT ?`,
      params: [...(after ?? []), length],
    });
    const last = rows.at(-1);
    if (last === undefined) return undefined;
    const to = this.columns.map((_, at) => last[`i${at}`]!);
    return { ...(after === undefined ? {} : { after }), to, rows: rows.length };
  }

  /** "Is in the range", for columns behind `prefix`. */
  condition({ after, to }: Pick<RowRange, "after" | "to">, prefix = ""): RangeCondition {
    const below = this.#compare("<=", prefix);
    if (after === undefined) return { sql: below, params: to };
    return { sql: `${this.#compare(">", prefix)} AND ${below}`, params: [...after, ...to] };
  }

  #compare(operator: string, prefix = ""): string {
    const marks = this.columns.map(() => "?").join(", ");
    const columns = this.columns.map((column) => prefix + column).join(", ");
    return this.columns.length === 1
      ? `${columns} ${operator} ${marks}`
      : `(${columns}) ${operator} (${marks})`;
  }
}

/** A condition with the values of its `?`. */
export interface RangeCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** A query of text that is made for one table, with its values in it. */
export function rawQuery(sql: string, params: readonly SqlValue[] = []): Query<RawRow, object> {
  return { sql, params };
}
