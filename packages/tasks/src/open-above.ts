import { sqlQuery } from "@atlas/storage";
import { parentFinished } from "./refusals.ts";
import type { TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";

/** A task that is closed. @internal */
export type ClosedTask = Pick<TaskRow, "path" | "status">;

const closedAbove = sqlQuery<ClosedTask, { id: string }>(
  `WITH RECURSIVE above(parent, type, path, status) AS (
     SELECT parent, type, path, status FROM tasks WHERE id = :id
     UNION ALL
     SELECT tasks.parent, tasks.type, tasks.path, tasks.status
       FROM above JOIN tasks ON tasks.id = above.parent WHERE above.type = 'group')
   SELECT path, status FROM above
   WHERE type <> 'group' AND status IN ('completed', 'failed', 'cancelled')`,
);

/**
 * The task that `parent` belongs to, when it is closed. Groups have no say of
 * their own: what counts is the first task above that is not one.
 *
 * @internal
 */
export function closedTaskAbove(store: TaskStore, parent: string): Promise<ClosedTask | undefined> {
  return store.connection.get(closedAbove, { id: parent });
}

/**
 * Refuses that something unfinished comes to lie under a closed task.
 *
 * @throws {AtlasError} task.parent_finished
 * @internal
 */
export async function checkOpenAbove(
  store: TaskStore,
  parent: string | null,
  path: string,
): Promise<void> {
  if (parent === null) return;
  const closed = await closedTaskAbove(store, parent);
  if (closed !== undefined) throw parentFinished(closed, path);
}
