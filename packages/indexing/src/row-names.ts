import type { Dialect, RawRow, Reader, SqlValue, TableDefinition } from "@atlas/storage";
import { rawQuery } from "./row-walk.ts";

/** How a finding names a row. */
export interface RowName {
  /** The primary key; of several columns as a JSON list. Absent when there is no such row. */
  readonly key?: SqlValue;
  /** The number of the row, where the table has numbers. */
  readonly row?: number;
}

/** The value of a primary key in a finding. */
export function keyOf(values: readonly SqlValue[]): SqlValue {
  return values.length === 1 ? values[0]! : JSON.stringify(values);
}

/** Names the row of a number. */
export async function nameOf(
  reader: Reader,
  { dialect, table }: { readonly dialect: Dialect; readonly table: TableDefinition },
  row: number,
): Promise<RowName> {
  const keys = table.primaryKey.map((key) => dialect.quoteIdentifier(key));
  const found = await reader.get<RawRow, object>(
    rawQuery(
      `SELECT ${keys.map((key, at) => `${key} AS k${at}`).join(", ")} ` +
        `FROM ${dialect.pastIndexes(table)} WHERE rowid = ?`,
      [row],
    ),
  );
  return found === undefined ? { row } : { key: keyOf(keys.map((_, at) => found[`k${at}`]!)), row };
}
