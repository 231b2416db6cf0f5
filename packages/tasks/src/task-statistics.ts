import { type NoValues, sqlQuery } from "@atlas/storage";
import { expiredCondition, readyCondition } from "./ready-tasks.ts";
import type { TaskStatistics } from "./task-report.ts";
import type { TaskStore } from "./task-store.ts";
import { type SettableStatus, type TaskStatus, taskStatuses } from "./task.ts";

// Read from an index in its order, without sorting.
const byStatus = sqlQuery<{ status: SettableStatus; count: number; waiting: number }>(
  `SELECT status, count(*) AS count, sum(blockers > 0) AS waiting FROM tasks GROUP BY status`,
);
const readyCount = `SELECT (SELECT count(*) FROM tasks WHERE ${readyCondition})
  + (SELECT count(*) FROM tasks WHERE ${expiredCondition}) AS count`;
const claimedCount = sqlQuery<{ count: number }, { now: number }>(
  `SELECT count(*) AS count FROM tasks
   WHERE lease_expires_at IS NOT NULL AND lease_expires_at > :now`,
);

/** @internal */
export async function taskStatistics(store: TaskStore): Promise<TaskStatistics> {
  const { connection } = store;
  const counts = new Map<TaskStatus, number>();
  for (const { status, count, waiting } of await connection.all(byStatus)) {
    const blocked = status === "pending" ? waiting : 0;
    counts.set(status, count - blocked);
    if (blocked > 0) counts.set("blocked", blocked);
  }
  const now = store.clock();
  const ready = await connection.get<{ count: number }, NoValues>({
    sql: readyCount,
    params: [now],
  });
  const claimed = await connection.get(claimedCount, { now });
  return {
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    byStatus: Object.fromEntries(
      taskStatuses.map((status) => [status, counts.get(status) ?? 0]),
    ) as Record<TaskStatus, number>,
    ready: ready?.count ?? 0,
    claimed: claimed?.count ?? 0,
  };
}
