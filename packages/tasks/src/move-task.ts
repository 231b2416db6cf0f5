import { sqlQuery } from "@atlas/storage";
import { checkMove } from "./dependency-cycles.ts";
import { taskError } from "./errors.ts";
import { blockSubtree, branchOf, changeBranch, settleGroup } from "./maintain.ts";
import { checkOpenAbove } from "./open-above.ts";
import { isFinished } from "./status-machine.ts";
import type { TaskReference } from "./task-input.ts";
import {
  checkDepth,
  freePath,
  isTaskId,
  isWithin,
  joinPath,
  parentPathOf,
  segmentOf,
  subtreeRange,
} from "./task-path.ts";
import {
  dependenciesOf,
  findRow,
  logChanges,
  rowById,
  rowByPath,
  rowQuery,
  type TaskStore,
} from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { imageOf, statusOf } from "./task-view.ts";
import { countVersion } from "./task-writes.ts";

const setParent = sqlQuery<never, { id: string; parent: string | null; path: string }>(
  "UPDATE tasks SET parent = :parent, path = :path WHERE id = :id",
);
const movePaths = sqlQuery<
  never,
  { prefix: string; start: number; from: string; to: string; now: number }
>(
  `UPDATE tasks SET path = :prefix || substr(path, :start), version = version + 1,
     updated_at = :now WHERE path >= :from AND path < :to`,
);
const below = rowQuery<{ from: string; to: string }>(
  "WHERE path >= :from AND path < :to ORDER BY path",
);
const deepest = sqlQuery<{ depth: number | null }, { from: string; to: string }>(
  `SELECT max(length(path) - length(replace(path, '/', ''))) AS depth FROM tasks
   WHERE path >= :from AND path < :to`,
);

/** Where a task is to go. @internal */
export interface MoveTarget {
  /** The task above it, or null for the top. */
  readonly parent: TaskReference | null;
  /** The task is a fact of an import and is not asked whether it may be there. Default: false. */
  readonly trusted?: boolean;
}

/**
 * Moves a task with everything below it under another one, or to the top. Its
 * segment gets a number where it is taken. Version and history of the task
 * itself are the caller's.
 *
 * @throws {AtlasError} task.parent_not_found, task.too_deep, task.cycle,
 * task.parent_finished
 * @internal
 */
export async function moveTask(store: TaskStore, id: string, target: MoveTarget): Promise<void> {
  const row = (await rowById(store, id))!;
  const parent = target.parent === null ? null : await requireParent(store, target.parent);
  if ((parent?.id ?? null) === row.parent) return;
  if (parent !== null) checkNotBelow(row, parent);
  if (target.trusted !== true && !isFinished(statusOf(row)))
    await checkOpenAbove(store, parent?.id ?? null, row.path);
  const path = await pathUnder(store, row, parent);

  const own = row.unfinished_dependencies > 0 ? 1 : 0;
  await blockSubtree(store, row.path, (parent?.blockers ?? 0) - (row.blockers - own));
  const parentBefore = parentPathOf(row.path);
  if (parentBefore !== null) await changeBranch(store, parentBefore, branchOf(row, -1));
  await store.connection.run(setParent, { id, parent: parent?.id ?? null, path });
  await movePathsBelow(store, row.path, path);
  if (parent !== null) {
    await changeBranch(store, parent.path, branchOf(row, 1));
    await checkMove(store, { ...row, path }, parent);
    await settleGroup(store, parent.id);
  }
  if (row.parent !== null) await settleGroup(store, row.parent);
}

/** Moves a task when nothing else about it changes, and counts and logs that. @internal */
export async function moveAlone(store: TaskStore, id: string, target: MoveTarget): Promise<void> {
  const before = (await rowById(store, id))!;
  await moveTask(store, id, target);
  await store.connection.run(countVersion, { id, now: store.clock() });
  const after = (await rowById(store, id))!;
  const dependencies = await dependenciesOf(store, id);
  const images = { before: imageOf(before, dependencies), after: imageOf(after, dependencies) };
  await logChanges(store, [{ key: id, ...images }]);
}

async function requireParent(store: TaskStore, reference: TaskReference): Promise<TaskRow> {
  const parent = await findRow(store, reference);
  if (parent !== undefined) return parent;
  throw taskError(
    "task.parent_not_found",
    `There is no task "${reference.slice(0, 200)}" to move under. Create it first.`,
    { details: { parent: reference.slice(0, 200) } },
  );
}

function checkNotBelow(row: TaskRow, parent: TaskRow): void {
  if (!isWithin(parent.path, row.path)) return;
  throw taskError(
    "task.cycle",
    `"${row.path}" cannot be moved under "${parent.path}", which is itself or lies below it.`,
    { details: { tasks: [row.path, parent.path] } },
  );
}

async function pathUnder(store: TaskStore, row: TaskRow, parent: TaskRow | null): Promise<string> {
  const base = joinPath(parent?.path ?? null, segmentOf(row.path));
  await checkSubtreeDepth(store, row, base);
  const isTaken = async (path: string): Promise<boolean> =>
    isTaskId(path) || (await rowByPath(store, path)) !== undefined;
  return (await freePath(base, isTaken)).path;
}

async function checkSubtreeDepth(store: TaskStore, row: TaskRow, path: string): Promise<void> {
  const slashes = (text: string): number => text.split("/").length - 1;
  const deepestBelow = (await store.connection.get(deepest, subtreeRange(row.path)))?.depth;
  const deepestNow = deepestBelow ?? slashes(row.path);
  checkDepth(slashes(path) + 1 + deepestNow - slashes(row.path), path);
}

/** Everything below moves along, and its history says so. */
async function movePathsBelow(store: TaskStore, before: string, after: string): Promise<void> {
  const { connection } = store;
  const moved = await connection.all(below, subtreeRange(before));
  if (moved.length === 0) return;
  // SQL counts characters, JavaScript UTF-16 units.
  const start = [...before].length + 1;
  const now = store.clock();
  await connection.run(movePaths, { prefix: after, start, now, ...subtreeRange(before) });
  const changes = [];
  for (const row of moved) {
    const dependencies = await dependenciesOf(store, row.id);
    const path = after + row.path.slice(before.length);
    const image = imageOf(row, dependencies);
    changes.push({
      key: row.id,
      before: image,
      after: { ...image, path, version: row.version + 1 },
    });
  }
  await logChanges(store, changes);
}
