import type { Connection } from "../../connection.ts";
import type { MaintenanceReport } from "../../optimizer/query-optimizer.ts";
import { unloggedMark } from "../../query-log/create-query-log.ts";

/** Looks at every table, also at those nobody has read yet, and bounds the work for each. */
const allTables = 0x10002;

/** With this bit SQLite answers what it would run instead of running it. */
const tellOnly = 0x1;

/** Comes and goes to tell other connections; see below. */
const view = "atlas_statistics_changed";

/** Runs a body in a transaction that may write. */
export type RunWrite = <T>(body: (connection: Connection) => Promise<T>) => Promise<T>;

/**
 * Lets SQLite bring its statistics up to date, where it finds them missing or
 * far from the truth, and answers what it ran.
 *
 * Other connections read statistics with the schema, and ANALYZE does not tell
 * them that there are new ones: they would plan with the old ones until they
 * are opened again. A view that comes and goes in the same transaction changes
 * the number of the schema, and so they look.
 */
export async function updateStatistics(write: RunWrite): Promise<MaintenanceReport["statements"]> {
  return write(async (connection) => {
    const planned = await connection.execute(
      `${unloggedMark}PRAGMA optimize(${allTables + tellOnly})`,
    );
    const statements = planned.rows.map((row) => String(Object.values(row)[0]));
    if (statements.length === 0) return statements;
    await connection.execute(`${unloggedMark}PRAGMA optimize(${allTables})`);
    await connection.execute(`${unloggedMark}CREATE VIEW ${view} AS SELECT 1`);
    await connection.execute(`${unloggedMark}DROP VIEW ${view}`);
    return statements;
  });
}
