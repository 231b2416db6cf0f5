import type { SqlValue } from "@atlas/storage";
import { subtreeRange } from "./task-path.ts";
import { decodeRow, selectRows, type TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";

/** What nothing stands in the way of. */
const unhindered = "blockers = 0 AND unfinished_children = 0 AND type <> 'group'";

/**
 * The status, in a form that no index on it fits. Without statistics SQLite
 * would read all pending tasks through the index on the status and sort them;
 * what is wanted comes from the partial indexes, in their order.
 */
const status = "status || ''";

/**
 * True for what can be worked on now. The partial indexes `tasks_ready` and
 * `tasks_ready_assigned` have the same text.
 *
 * @internal
 */
export const readyCondition = `${status} = 'pending' AND ${unhindered}`;

/** True for work whose lease ran out before `?`: the next claim makes it pending again. @internal */
export const expiredCondition = `lease_expires_at IS NOT NULL AND lease_expires_at <= ?
  AND ${status} = 'in_progress' AND ${unhindered}`;

/** Which of the work that is ready. @internal */
export interface WantedWork {
  readonly count: number;
  readonly underPath: string | undefined;
  readonly tags: readonly string[];
}

interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/**
 * Tasks that the actor may claim now, most urgent first: nobody's, and those
 * assigned to it. Each half is read through an index in the order wanted, so
 * work of others costs nothing. Leases that ran out have been returned before.
 *
 * @internal
 */
export function claimableRows(store: TaskStore, wanted: WantedWork): Promise<readonly TaskRow[]> {
  return firstOf(store, wanted, [
    { sql: `${readyCondition} AND assignee IS NULL`, params: [] },
    { sql: `${readyCondition} AND assignee = ?`, params: [store.actor] },
  ]);
}

/** Tasks that can be worked on now, most urgent first, whoever they are meant for. @internal */
export function readyRows(store: TaskStore, wanted: WantedWork): Promise<readonly TaskRow[]> {
  return firstOf(store, wanted, [
    { sql: readyCondition, params: [] },
    { sql: expiredCondition, params: [store.clock()] },
  ]);
}

/** The first rows of several sources that have no row in common. */
async function firstOf(
  store: TaskStore,
  wanted: WantedWork,
  sources: readonly Condition[],
): Promise<readonly TaskRow[]> {
  const narrowed = narrowing(wanted);
  const rows: TaskRow[] = [];
  for (const { sql, params } of sources) {
    const where = [sql, ...narrowed.map((condition) => condition.sql)].join(" AND ");
    const found = await store.connection.all({
      sql: `${selectRows} WHERE ${where} ORDER BY priority, sequence LIMIT ?`,
      params: [...params, ...narrowed.flatMap((condition) => condition.params), wanted.count],
      decode: decodeRow,
    });
    rows.push(...found);
  }
  return rows
    .toSorted((a, b) => a.priority - b.priority || a.sequence - b.sequence)
    .slice(0, wanted.count);
}

function narrowing({ underPath, tags }: WantedWork): readonly Condition[] {
  const conditions: Condition[] = tags.map((tag) => ({
    sql: "id IN (SELECT task FROM task_tags WHERE tag = ?)",
    params: [tag],
  }));
  if (underPath !== undefined) {
    const { from, to } = subtreeRange(underPath);
    conditions.push({ sql: "path >= ? AND path < ?", params: [from, to] });
  }
  return conditions;
}
