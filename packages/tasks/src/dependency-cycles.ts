/**
 * Finds tasks that would wait for each other for ever.
 *
 * A plan can be worked through exactly when the moments of its tasks
 * (stored-waits.ts) have no cycle, which covers dependencies between a task and
 * its own children, and between branches, as well as the plain ones.
 */
import { taskError } from "./errors.ts";
import { connect, findCycle, type Graph } from "./moment-graph.ts";
import { isPlaced, type PlacedTask } from "./place-tasks.ts";
import { type Moment, nameOf, waitingAmong, waitsFor } from "./stored-waits.ts";
import type { TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";

/**
 * Refuses that `task` waits for `dependency` when that waits for it already.
 * To be asked before the dependency is stored.
 *
 * @throws {AtlasError} task.cycle, task.self_dependency
 * @internal
 */
export async function checkNewDependency(
  store: TaskStore,
  task: TaskRow,
  dependency: TaskRow,
): Promise<void> {
  if (task.id === dependency.id) throw selfDependency(task.path);
  if (await waitsFor(store, done(dependency.id), gate(task.id)))
    throw cycle([task.path, dependency.path]);
}

/**
 * Refuses a move after which tasks wait for each other. To be asked after the
 * move was stored.
 *
 * @throws {AtlasError} task.cycle
 * @internal
 */
export async function checkMove(store: TaskStore, task: TaskRow, parent: TaskRow): Promise<void> {
  if (
    (await waitsFor(store, gate(parent.id), gate(task.id))) ||
    (await waitsFor(store, done(task.id), done(parent.id)))
  )
    throw cycle([parent.path, task.path]);
}

/** A new task and what it waits for. @internal */
export interface NewEdges {
  readonly task: PlacedTask;
  readonly dependencies: readonly (PlacedTask | TaskRow)[];
}

/**
 * Refuses new tasks that wait for each other, directly or through tasks that
 * are stored. To be asked before they are stored.
 *
 * @throws {AtlasError} task.cycle, task.self_dependency
 * @internal
 */
export async function checkNewTasks(store: TaskStore, edges: readonly NewEdges[]): Promise<void> {
  const self = edges.find(({ task, dependencies }) =>
    dependencies.some(({ id }) => id === task.id),
  );
  if (self !== undefined) throw selfDependency(self.task.path);
  // New tasks without dependencies only add ways that their parents are on already.
  if (edges.every(({ dependencies }) => dependencies.length === 0)) return;

  const graph: Graph = new Map();
  const paths = new Map<string, string>();
  const storedParents = new Set<string>();
  for (const { task, dependencies } of edges) {
    paths.set(task.id, task.path);
    connect(graph, done(task.id), gate(task.id));
    for (const dependency of dependencies) {
      paths.set(dependency.id, dependency.path);
      connect(graph, gate(task.id), done(dependency.id));
    }
    const { parent } = task;
    if (parent === null) continue;
    paths.set(parent.id, parent.path);
    if (!isPlaced(parent)) storedParents.add(parent.id);
    connect(graph, gate(task.id), gate(parent.id));
    connect(graph, done(parent.id), done(task.id));
  }
  await connectStored(store, graph, { edges, storedParents });
  const found = findCycle(graph);
  if (found === undefined) return;
  const ids = new Set(found.map((name) => name.slice(name.indexOf(" ") + 1)));
  throw cycle([...ids].map((id) => paths.get(id) ?? id));
}

interface StoredSurroundings {
  readonly edges: readonly NewEdges[];
  readonly storedParents: ReadonlySet<string>;
}

/**
 * Adds the ways that lead through stored tasks: out of the new ones by their
 * dependencies and parents, and back only through a parent being done.
 */
async function connectStored(
  store: TaskStore,
  graph: Graph,
  { edges, storedParents }: StoredSurroundings,
): Promise<void> {
  const out = new Map<string, Moment>();
  const add = (moment: Moment): unknown => out.set(nameOf(moment), moment);
  for (const { dependencies } of edges)
    for (const dependency of dependencies) if (!isPlaced(dependency)) add(done(dependency.id));
  // What waits for its own parent would be a cycle already, so one parent cannot lead back.
  if (storedParents.size > 1) for (const id of storedParents) add(gate(id));
  for (const id of storedParents)
    for (const moment of await waitingAmong(store, [...out.values()], done(id)))
      if (moment.kind !== "done" || moment.id !== id) connect(graph, moment, done(id));
}

const gate = (id: string): Moment => ({ kind: "gate", id });
const done = (id: string): Moment => ({ kind: "done", id });

function selfDependency(path: string): Error {
  return taskError(
    "task.self_dependency",
    `"${path}" cannot depend on itself. Leave it out of its own dependencies.`,
    { details: { task: path } },
  );
}

function cycle(paths: readonly string[]): Error {
  const named = paths.slice(0, 8).map((path) => `"${path}"`);
  return taskError(
    "task.cycle",
    `These tasks would wait for each other: ${named.join(", ")}. A task also waits for the tasks ` +
      "below it and for what the tasks above it wait for. Leave out one of the dependencies.",
    { details: { tasks: paths.slice(0, 8) } },
  );
}
