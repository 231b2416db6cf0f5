import type {
  Dialect,
  NoValues,
  Query,
  RawRow,
  Reader,
  SearchIndexDefinition,
} from "@atlas/storage";

/** Counts through the index itself; a table that is its own index is counted as it stands. */
export async function countEntries(
  reader: Reader,
  dialect: Dialect,
  {
    name,
    table,
    where,
  }: { readonly name?: string; readonly table: string; readonly where?: string },
): Promise<number> {
  const by = name === undefined ? "" : ` INDEXED BY ${dialect.quoteIdentifier(name)}`;
  // Without a condition the database counts whichever index is smallest.
  const condition = ` WHERE ${where ?? "true"}`;
  const sql = `SELECT count(*) AS n FROM ${dialect.quoteIdentifier(table)}${by}${condition}`;
  return (await reader.get(countQuery(sql))) ?? 0;
}

/** Counts the rows that only one side has, and so the entries from the rows. */
export async function countSearch(
  reader: Reader,
  dialect: Dialect,
  index: SearchIndexDefinition,
): Promise<number> {
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
  return entries;
}

/** True for a query that only reads, and so may stand inside another. */
export function isSelect({ sql }: Pick<Query, "sql">): boolean {
  return /^\s*select\b/i.test(sql);
}

function countQuery(sql: string): Query<number> {
  return { sql, params: [], decode: (row) => Number(row["n"]) };
}
