import { insertInto, type Query, sqlQuery } from "@atlas/storage";
import { checkNewDependency } from "./dependency-cycles.ts";
import { taskError } from "./errors.ts";
import { taskLimits } from "./limits.ts";
import { changeUnfinishedDependencies } from "./maintain.ts";
import { isFinished } from "./status-machine.ts";
import type { CheckedUpdate } from "./task-schemas.ts";
import { dependenciesOf, findRow, requireRow, rowById, type TaskStore } from "./task-store.ts";
import { dependenciesTable, type TaskRow } from "./task-tables.ts";
import { statusOf } from "./task-view.ts";

/** One task waits for another. @internal */
export interface Edge {
  readonly task: string;
  readonly dependency: string;
}

/** @internal */
export const insertDependency: Query<never, Edge> = insertInto(dependenciesTable).build();
const deleteDependency = sqlQuery<never, Edge>(
  "DELETE FROM task_dependencies WHERE task = :task AND dependency = :dependency",
);

/**
 * Removes and adds what an update says and answers the dependencies after it.
 * Version and history are the caller's.
 *
 * @throws {AtlasError} task.not_found, task.dependency_not_found, task.cycle,
 * task.self_dependency, task.limit_exceeded
 * @internal
 */
export async function changeDependencies(
  store: TaskStore,
  row: TaskRow,
  update: CheckedUpdate,
): Promise<readonly string[]> {
  const present = new Set(await dependenciesOf(store, row.id));
  if (update.removeDependencies.length + update.addDependencies.length === 0) return [...present];
  for (const reference of update.removeDependencies) {
    const dependency = await requireRow(store, reference);
    if (present.delete(dependency.id)) await removeDependency(store, row.id, dependency);
  }
  for (const reference of update.addDependencies) {
    const dependency = await findRow(store, reference);
    if (dependency === undefined) throw dependencyMissing(row, reference);
    if (present.has(dependency.id)) continue;
    present.add(dependency.id);
    checkDependencyCount(row, present.size);
    await addDependency(store, row, dependency);
  }
  return dependenciesOf(store, row.id);
}

/** @throws {AtlasError} task.cycle, task.self_dependency @internal */
export async function addDependency(
  store: TaskStore,
  task: TaskRow,
  dependency: TaskRow,
): Promise<void> {
  await checkNewDependency(store, task, dependency);
  await store.connection.run(insertDependency, { task: task.id, dependency: dependency.id });
  await changeWaiting(store, task.id, isFinished(statusOf(dependency)) ? 0 : 1);
}

/** The dependency has to be there. @internal */
export async function removeDependency(
  store: TaskStore,
  task: string,
  dependency: TaskRow,
): Promise<void> {
  await store.connection.run(deleteDependency, { task, dependency: dependency.id });
  await changeWaiting(store, task, isFinished(statusOf(dependency)) ? 0 : -1);
}

async function changeWaiting(store: TaskStore, id: string, change: number): Promise<void> {
  if (change === 0) return;
  await changeUnfinishedDependencies(store, (await rowById(store, id))!, change);
}

function checkDependencyCount(row: TaskRow, count: number): void {
  if (count <= taskLimits.dependenciesMax) return;
  throw taskError(
    "task.limit_exceeded",
    `"${row.path}" can have ${taskLimits.dependenciesMax} dependencies. Put some under a group ` +
      "and depend on that.",
    { details: { limit: "dependenciesMax" } },
  );
}

function dependencyMissing(row: TaskRow, reference: string): Error {
  return taskError(
    "task.dependency_not_found",
    `"${row.path}" cannot depend on "${reference.slice(0, 200)}", which does not exist.`,
    { details: { task: row.path, dependency: reference.slice(0, 200) } },
  );
}
