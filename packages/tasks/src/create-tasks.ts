import { insertInto, type Query } from "@atlas/storage";
import { insertDependency } from "./change-dependencies.ts";
import { checkNewTasks, type NewEdges } from "./dependency-cycles.ts";
import { taskError } from "./errors.ts";
import { type BranchChange, branchOf, changeBranch, settleGroup, sumOf } from "./maintain.ts";
import { buildRows, type CreationFacts } from "./new-task-rows.ts";
import { isPlaced, type PlacedTask, type Placement, placeTasks } from "./place-tasks.ts";
import { addNotes, insertTag } from "./task-details.ts";
import type { CheckedNewTask } from "./task-schemas.ts";
import { findRow, type TaskStore, logChanges } from "./task-store.ts";
import { type TaskRow, tasksTable } from "./task-tables.ts";
import { imageOf } from "./task-view.ts";

const insertTask: Query<never, TaskRow> = insertInto(tasksTable).build();

/**
 * Creates tasks in the transaction of the caller and answers their ids in the
 * order of the call.
 *
 * @internal
 */
export async function createTasks(
  store: TaskStore,
  inputs: readonly CheckedNewTask[],
  facts?: CreationFacts,
): Promise<readonly string[]> {
  const placement = await placeTasks(store, inputs);
  const edges: NewEdges[] = [];
  for (const task of placement.tasks) edges.push(await findDependencies(store, placement, task));
  await checkNewTasks(store, edges);

  const rows = await buildRows(store, edges, facts);
  await store.connection.runMany(insertTask, rows.values());
  await insertDetails(store, edges);
  await logChanges(
    store,
    edges.map(({ task, dependencies }) => {
      const ids = dependencies.map(({ id }) => id);
      const { notes } = task.input;
      const image = imageOf(rows.get(task.id)!, ids);
      return { key: task.id, after: notes.length === 0 ? image : { ...image, notes } };
    }),
  );
  await joinStoredTree(store, placement.tasks, rows);
  return placement.tasks.toSorted((a, b) => a.index - b.index).map(({ id }) => id);
}

async function findDependencies(
  store: TaskStore,
  placement: Placement,
  task: PlacedTask,
): Promise<NewEdges> {
  const dependencies = new Map<string, PlacedTask | TaskRow>();
  for (const reference of task.input.dependencies) {
    const found = placement.find(reference) ?? (await findRow(store, reference));
    if (found === undefined) throw dependencyMissing(task.path, reference);
    dependencies.set(found.id, found);
  }
  return { task, dependencies: [...dependencies.values()] };
}

async function insertDetails(store: TaskStore, edges: readonly NewEdges[]): Promise<void> {
  const { connection } = store;
  await connection.runMany(
    insertDependency,
    edges.flatMap(({ task, dependencies }) =>
      dependencies.map((dependency) => ({ task: task.id, dependency: dependency.id })),
    ),
  );
  await connection.runMany(
    insertTag,
    edges.flatMap(({ task }) => task.input.tags.map((tag) => ({ tag, task: task.id }))),
  );
  for (const { task } of edges) await addNotes(store, task.id, task.input.notes);
}

/** Tells the stored tasks above what was put below them, once for each. */
async function joinStoredTree(
  store: TaskStore,
  tasks: readonly PlacedTask[],
  rows: ReadonlyMap<string, TaskRow>,
): Promise<void> {
  const joined = new Map<TaskRow, BranchChange>();
  for (const { id, parent } of tasks) {
    if (parent === null || isPlaced(parent)) continue;
    joined.set(parent, sumOf(branchOf(rows.get(id)!, 1), joined.get(parent)));
  }
  for (const [parent, change] of joined) await changeBranch(store, parent.path, change);
  for (const { id } of joined.keys()) await settleGroup(store, id);
}

function dependencyMissing(path: string, reference: string): Error {
  return taskError(
    "task.dependency_not_found",
    `"${path}" depends on "${reference.slice(0, 200)}", which does not exist. Create it first, ` +
      "or in the same call.",
    { details: { task: path, dependency: reference.slice(0, 200) } },
  );
}
