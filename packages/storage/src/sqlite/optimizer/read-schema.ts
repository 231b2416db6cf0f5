import type { Reader } from "../../connection.ts";
import type { Query } from "../../query.ts";
import { unloggedMark } from "../../query-log/create-query-log.ts";
import type { CopiedSchema, SampleRow, SchemaObject, StatisticsRow } from "./schema-copy.ts";

/** Statistics that are larger are not copied: 24 values are sampled of each index. */
const samplesMax = 10_000;

/**
 * What changes when the schema or the statistics of a database do. The number
 * alone does not tell: ANALYZE leaves it as it is.
 */
export async function readSchemaMark(reader: Reader): Promise<string> {
  const version = await reader.get(query<{ schema_version: number }>("PRAGMA schema_version"));
  const statistics = await readStatistics(reader);
  return JSON.stringify([version?.schema_version, statistics]);
}

/** Schema and statistics as this reader sees them. */
export async function readSchema(reader: Reader, location: string): Promise<CopiedSchema> {
  const objects = await reader.all(
    query<SchemaObject>("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"),
  );
  const statistics = await readStatistics(reader);
  const sampled = await hasTable(reader, "sqlite_stat4");
  const samples = sampled
    ? await reader.all(
        query<SampleRow>(
          `SELECT tbl, idx, neq, nlt, ndlt, sample FROM sqlite_stat4 LIMIT ${samplesMax}`,
        ),
      )
    : [];
  const own = objects.filter(({ name }) => !name.toLowerCase().startsWith("sqlite_"));
  return { location, objects: own, statistics, samples };
}

/** What ANALYZE has written; empty before it ran for the first time. */
async function readStatistics(reader: Reader): Promise<readonly StatisticsRow[]> {
  if (!(await hasTable(reader, "sqlite_stat1"))) return [];
  return reader.all(query<StatisticsRow>("SELECT tbl, idx, stat FROM sqlite_stat1"));
}

async function hasTable(reader: Reader, name: string): Promise<boolean> {
  const found = await reader.get(
    query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [name]),
  );
  return found !== undefined;
}

/** A statement of the optimizer's own, which no log shows. */
export function query<Row = object>(sql: string, params: Query["params"] = []): Query<Row> {
  return { sql: unloggedMark + sql, params };
}
