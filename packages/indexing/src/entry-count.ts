import type {
  Dialect,
  NoValues,
  Query,
  RawRow,
  Reader,
  SearchIndexDefinition,
} from "@atlas/storage";
import type { OrdinaryIndexDeclaration } from "./index-declaration.ts";

/** Entries of an index and rows that should be in it. */
export interface EntryCount {
  readonly entries: number;
  readonly rows: number;
}

/** Counts once through the index and once past every index. */
export async function countOrdinary(
  reader: Reader,
  dialect: Dialect,
  { name, table, where }: OrdinaryIndexDeclaration,
): Promise<EntryCount> {
  const from = `SELECT count(*) AS n FROM ${dialect.quoteIdentifier(table)}`;
  const condition = where === undefined ? "" : ` WHERE ${where}`;
  const entries = await reader.get(
    countQuery(`${from} INDEXED BY ${dialect.quoteIdentifier(name)}${condition}`),
  );
  const rows = await reader.get(countQuery(`${from} NOT INDEXED${condition}`));
  return { entries: entries ?? 0, rows: rows ?? 0 };
}

/** Counts the rows that only one side has, and so the entries from the rows. */
export async function countSearch(
  reader: Reader,
  dialect: Dialect,
  index: SearchIndexDefinition,
): Promise<EntryCount> {
  const table = dialect.quoteIdentifier(index.table);
  const rows = (await reader.get(countQuery(`SELECT count(*) AS n FROM ${table}`))) ?? 0;
  let entries = rows;
  for (const query of dialect.verifySearchIndex(index).filter(isSelect)) {
    const sides = await reader.all<RawRow, NoValues>({
      sql: `SELECT side, count(*) AS n FROM (${query.sql}) GROUP BY side`,
      params: query.params,
    });
    for (const row of sides) entries += Number(row["n"]) * (row["side"] === "table" ? -1 : 1);
  }
  return { entries, rows };
}

/** True for a query that only reads, and so may stand inside another. */
export function isSelect({ sql }: Pick<Query, "sql">): boolean {
  return /^\s*select\b/i.test(sql);
}

function countQuery(sql: string): Query<number> {
  return { sql, params: [], decode: (row) => Number(row["n"]) };
}
