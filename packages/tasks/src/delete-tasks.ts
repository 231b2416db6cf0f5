import { sqlQuery } from "@atlas/storage";
import { taskError } from "./errors.ts";
import { branchOf, changeBranch, changeUnfinishedDependencies, settleGroup } from "./maintain.ts";
import { moveAlone } from "./move-task.ts";
import { leased } from "./refusals.ts";
import { isFinished } from "./status-machine.ts";
import { deleteDetails } from "./task-details.ts";
import type { DeleteChildren, TaskReference } from "./task-input.ts";
import { isWithin, parentPathOf, subtreeRange } from "./task-path.ts";
import {
  dependenciesOf,
  requireRow,
  rowById,
  rowQuery,
  type TaskStore,
  logChanges,
} from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { imageOf, leaseOf, statusOf } from "./task-view.ts";
import { countVersion } from "./task-writes.ts";

const dependents = rowQuery<{ id: string }>(
  "JOIN task_dependencies AS edge ON edge.task = tasks.id WHERE edge.dependency = :id",
);
const deleteIncoming = sqlQuery<never, { id: string }>(
  "DELETE FROM task_dependencies WHERE dependency = :id",
);
const deleteRow = sqlQuery<never, { id: string }>("DELETE FROM tasks WHERE id = :id");
const childrenOf = rowQuery<{ id: string }>("WHERE parent = :id ORDER BY sequence");
// Deepest first: a row may go when nothing lies below it.
const subtree = rowQuery<{ from: string; to: string }>(
  "WHERE path >= :from AND path < :to ORDER BY path DESC",
);

/** Deletes tasks in the transaction of the caller and answers the ids. @internal */
export async function deleteTasks(
  store: TaskStore,
  references: readonly TaskReference[],
  children: DeleteChildren,
): Promise<readonly string[]> {
  const rows: TaskRow[] = [];
  for (const reference of references) rows.push(await requireRow(store, reference));
  const deleted = new Set<string>();
  // What lies below goes first, so that a parent may be named with all its children.
  for (const { id } of rows.toSorted((a, b) => levels(b) - levels(a))) {
    // Another one may have taken it along or moved it.
    const row = await rowById(store, id);
    if (row === undefined) continue;
    for (const each of await deleteOne(store, row, children)) deleted.add(each);
  }
  const asked = rows.map(({ id }) => id).filter((id) => deleted.delete(id));
  return [...asked, ...deleted];
}

function levels({ path }: TaskRow): number {
  return path.split("/").length;
}

async function deleteOne(
  store: TaskStore,
  row: TaskRow,
  children: DeleteChildren,
): Promise<readonly string[]> {
  if (row.children > 0 && children === "block") throw hasChildren(row);
  if (row.children > 0 && children === "orphan") {
    for (const child of await store.connection.all(childrenOf, { id: row.id }))
      await moveAlone(store, child.id, { parent: row.parent });
    return deleteBranch(store, (await rowById(store, row.id))!);
  }
  return deleteBranch(store, row);
}

/** The task and everything below it. */
async function deleteBranch(store: TaskStore, top: TaskRow): Promise<readonly string[]> {
  const below = await store.connection.all(subtree, subtreeRange(top.path));
  const rows = [...below, top];
  for (const row of rows) {
    const lease = leaseOf(row, store.clock());
    if (lease !== null && lease.holder !== store.actor) throw leased(row);
  }
  for (const row of rows) await freeDependents(store, row, top);
  const parent = parentPathOf(top.path);
  if (parent !== null) await changeBranch(store, parent, branchOf(top, -1));
  for (const row of rows) {
    await logChanges(store, [
      { key: row.id, before: imageOf(row, await dependenciesOf(store, row.id)) },
    ]);
    await deleteDetails(store, row.id);
  }
  for (const { id } of rows) await store.connection.run(deleteRow, { id });
  if (top.parent !== null) await settleGroup(store, top.parent);
  return rows.toReversed().map(({ id }) => id);
}

/** Tasks that waited for the deleted one, and are not deleted with it, do so no longer. */
async function freeDependents(store: TaskStore, row: TaskRow, top: TaskRow): Promise<void> {
  for (const dependent of await store.connection.all(dependents, { id: row.id })) {
    if (isWithin(dependent.path, top.path)) continue;
    const dependencies = await dependenciesOf(store, dependent.id);
    const before = imageOf(dependent, dependencies);
    const after = {
      ...before,
      dependencies: dependencies.filter((id) => id !== row.id),
      version: dependent.version + 1,
    };
    if (!isFinished(statusOf(row))) await changeUnfinishedDependencies(store, dependent, -1);
    await store.connection.run(countVersion, { id: dependent.id, now: store.clock() });
    await logChanges(store, [{ key: dependent.id, before, after }]);
  }
  await store.connection.run(deleteIncoming, { id: row.id });
}

function hasChildren(row: TaskRow): Error {
  return taskError(
    "task.has_children",
    `"${row.path}" has ${row.children} tasks directly below it and was not deleted. Say what ` +
      "becomes of them: cascade deletes them too, orphan moves them up.",
    { details: { task: row.path, children: row.children } },
  );
}
