/**
 * Keeps the columns that summarise other rows, in the transaction that changes
 * them:
 *
 * - `unfinished_dependencies`: how many dependencies are not finished;
 * - `blockers`: how many of the task itself and the tasks above it have one;
 * - `children`, `unfinished_children`: direct ones;
 * - `descendants`, `finished_descendants`: all below.
 *
 * Every change is applied as a difference, so it costs the depth of the tree
 * and the number of dependents, not the number of siblings. The same columns
 * are declared as expressions in task-collections.ts, which is what `verify`
 * compares them with.
 */
import { sqlQuery } from "@atlas/storage";
import { isFinished } from "./status-machine.ts";
import { parentPathOf, pathsUpFrom, subtreeRange } from "./task-path.ts";
import { rowById, rowQuery, type TaskStore, logChanges } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { imageOf, statusOf } from "./task-view.ts";
import type { SettableStatus } from "./task.ts";

const changeAbove = sqlQuery<
  never,
  {
    paths: string;
    parent: string;
    children: number;
    unfinished: number;
    descendants: number;
    finished: number;
  }
>(
  `UPDATE tasks SET
     children = children + (path = :parent) * :children,
     unfinished_children = unfinished_children + (path = :parent) * :unfinished,
     descendants = descendants + :descendants,
     finished_descendants = finished_descendants + :finished
   WHERE path IN (SELECT value FROM json_each(:paths))`,
);
const changeDependents = sqlQuery<never, { id: string; change: number }>(
  `UPDATE tasks SET unfinished_dependencies = unfinished_dependencies + :change
   WHERE id IN (SELECT task FROM task_dependencies WHERE dependency = :id)`,
);
const dependentsWithCount = rowQuery<{ id: string; count: number }>(
  `WHERE id IN (SELECT task FROM task_dependencies WHERE dependency = :id)
     AND unfinished_dependencies = :count`,
);
const changeUnfinished = sqlQuery<never, { id: string; change: number }>(
  "UPDATE tasks SET unfinished_dependencies = unfinished_dependencies + :change WHERE id = :id",
);
const changeBlockers = sqlQuery<never, { path: string; from: string; to: string; change: number }>(
  `UPDATE tasks SET blockers = blockers + :change
   WHERE path = :path OR (path >= :from AND path < :to)`,
);
const startedChild = sqlQuery<{ id: string }, { id: string }>(
  "SELECT id FROM tasks WHERE parent = :id AND status <> 'pending' LIMIT 1",
);
const setStatus = sqlQuery<
  never,
  { id: string; status: string; completed_at: number | null; updated_at: number }
>(
  `UPDATE tasks SET status = :status, completed_at = :completed_at, updated_at = :updated_at,
     version = version + 1 WHERE id = :id`,
);

/** By how much the counts of a parent, and of everything above it, change. @internal */
export interface BranchChange {
  /** Direct children, for the parent alone; so is the next one. */
  readonly children: number;
  readonly unfinishedChildren: number;
  readonly descendants: number;
  readonly finishedDescendants: number;
}

/** The whole branch below and including `row`. @internal */
export function branchOf(row: TaskRow, sign: 1 | -1): BranchChange {
  const finished = isFinished(statusOf(row)) ? 1 : 0;
  return {
    children: sign,
    unfinishedChildren: sign * (1 - finished),
    descendants: sign * (row.descendants + 1),
    finishedDescendants: sign * (row.finished_descendants + finished),
  };
}

/** @internal */
export function sumOf(change: BranchChange, other: BranchChange | undefined): BranchChange {
  if (other === undefined) return change;
  return {
    children: change.children + other.children,
    unfinishedChildren: change.unfinishedChildren + other.unfinishedChildren,
    descendants: change.descendants + other.descendants,
    finishedDescendants: change.finishedDescendants + other.finishedDescendants,
  };
}

/** A branch was added below the task at `parent`, taken away, or counts otherwise. @internal */
export async function changeBranch(
  store: TaskStore,
  parent: string,
  change: BranchChange,
): Promise<void> {
  await store.connection.run(changeAbove, {
    paths: JSON.stringify(pathsUpFrom(parent)),
    parent,
    children: change.children,
    unfinished: change.unfinishedChildren,
    descendants: change.descendants,
    finished: change.finishedDescendants,
  });
}

/** `task` waits for one unfinished task more, or one less. @internal */
export async function changeUnfinishedDependencies(
  store: TaskStore,
  task: TaskRow,
  change: number,
): Promise<void> {
  if (change === 0) return;
  await store.connection.run(changeUnfinished, { id: task.id, change });
  const before = task.unfinished_dependencies;
  const after = before + change;
  if (before === 0) await blockSubtree(store, task.path, 1);
  else if (after === 0) await blockSubtree(store, task.path, -1);
}

/** Everything at and below `path` is blocked by one task more, or one less. @internal */
export async function blockSubtree(store: TaskStore, path: string, change: number): Promise<void> {
  if (change === 0) return;
  await store.connection.run(changeBlockers, { path, ...subtreeRange(path), change });
}

/** To be called after the stored status of `row` went from `row.status` to `after`. @internal */
export async function followStatus(
  store: TaskStore,
  row: TaskRow,
  after: SettableStatus,
): Promise<void> {
  const finishedBefore = isFinished(statusOf(row));
  const finishedAfter = isFinished(after);
  if (finishedBefore !== finishedAfter) {
    const change = finishedAfter ? 1 : -1;
    await followFinished(store, row.id, change);
    const parent = parentPathOf(row.path);
    const counts = { children: 0, unfinishedChildren: -change, descendants: 0 };
    if (parent !== null)
      await changeBranch(store, parent, { ...counts, finishedDescendants: change });
  }
  if (row.parent !== null) await settleGroup(store, row.parent);
}

/**
 * Gives a group the status that its children imply: completed when all are
 * finished, in progress when one was begun, otherwise pending (see
 * `impliedStatus`).
 *
 * @internal
 */
export async function settleGroup(store: TaskStore, id: string): Promise<void> {
  const group = await rowById(store, id);
  if (group === undefined || group.type !== "group") return;
  const status = await impliedStatus(store, group);
  if (status === group.status) return;
  const now = store.clock();
  await store.connection.run(setStatus, {
    id,
    status,
    completed_at: status === "completed" ? now : null,
    updated_at: now,
  });
  await logChanges(store, [
    {
      key: id,
      before: imageOf(group, []),
      after: imageOf({ ...group, status, version: group.version + 1 }, []),
    },
  ]);
  await followStatus(store, group, status);
}

/**
 * The status of a group. One without children stays completed when it was:
 * clearing away finished work must not make others wait for it again.
 *
 * @internal
 */
export async function impliedStatus(store: TaskStore, group: TaskRow): Promise<SettableStatus> {
  if (group.children === 0) return group.status === "completed" ? "completed" : "pending";
  if (group.unfinished_children === 0) return "completed";
  const started = await store.connection.get(startedChild, { id: group.id });
  return started === undefined ? "pending" : "in_progress";
}

/** The tasks that wait for `id` have one thing less to wait for (`finished` 1) or one more (-1). */
async function followFinished(store: TaskStore, id: string, finished: 1 | -1): Promise<void> {
  const { connection } = store;
  await connection.run(changeDependents, { id, change: -finished });
  // Those whose count has just reached, or left, zero are the ones that change sides.
  const count = finished === 1 ? 0 : 1;
  for (const dependent of await connection.all(dependentsWithCount, { id, count }))
    await blockSubtree(store, dependent.path, -finished);
}
