import { sqlQuery } from "@atlas/storage";
import type { NewEdges } from "./dependency-cycles.ts";
import { taskError } from "./errors.ts";
import { closedTaskAbove, type ClosedTask } from "./open-above.ts";
import { isPlaced, type PlacedTask } from "./place-tasks.ts";
import { childrenUnfinished, groupStatusRefused, parentFinished } from "./refusals.ts";
import { isClosed, isFinished } from "./status-machine.ts";
import type { TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { rankOf, statusOf } from "./task-view.ts";

const highestSequence = sqlQuery<{ highest: number | null }>(
  "SELECT max(sequence) AS highest FROM tasks",
);

/** What only an import knows: its tasks are facts and are not asked whether they may be. @internal */
export interface CreationFacts {
  readonly instantsOf: (index: number) => CreationInstants;
}

/** Milliseconds since the epoch. @internal */
export interface CreationInstants {
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

/**
 * The rows of new tasks, parents first, with all summary columns right among
 * themselves.
 *
 * @throws {AtlasError} task.transition_refused, task.parent_finished, task.blocked,
 * task.children_unfinished
 * @internal
 */
export async function buildRows(
  store: TaskStore,
  edges: readonly NewEdges[],
  facts: CreationFacts | undefined,
): Promise<ReadonlyMap<string, TaskRow>> {
  const rows: MutableRows = new Map();
  let sequence = (await store.connection.get(highestSequence))?.highest ?? 0;
  const inCallOrder = edges.toSorted((a, b) => a.task.index - b.task.index);
  const sequences = new Map(inCallOrder.map(({ task }) => [task.id, (sequence += 1)]));
  for (const { task } of edges)
    rows.set(task.id, newRow(task, sequences.get(task.id)!, instantsOf(store, task, facts)));
  sumUp(edges, rows);
  sumBlockers(edges, rows);
  if (facts !== undefined) return rows;
  const closed = await closedAbove(store, edges, rows);
  for (const { task } of edges) {
    const row = rows.get(task.id)!;
    checkGroupStatus(task);
    checkParentOpen(row, closed.get(row.id));
    checkNotBlocked(row);
    checkChildrenFinished(row);
  }
  return rows;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type MutableRows = Map<string, Mutable<TaskRow>>;

function newRow(task: PlacedTask, sequence: number, instants: CreationInstants): TaskRow {
  const { input } = task;
  // A group gets its status from what lies below it.
  const status = input.type === "group" ? "pending" : input.status;
  return {
    id: task.id,
    path: task.path,
    parent: task.parent?.id ?? null,
    name: input.name,
    description: input.description,
    type: input.type,
    status,
    priority: rankOf(input.priority),
    tags: input.tags,
    assignee: input.assignee ?? null,
    reasoning: input.reasoning,
    metadata: input.metadata,
    sequence,
    created_at: instants.createdAt,
    updated_at: instants.updatedAt,
    completed_at: status === "completed" ? instants.completedAt : null,
    lease_token: 0,
    lease_holder: null,
    lease_expires_at: null,
    unfinished_dependencies: 0,
    blockers: 0,
    children: 0,
    unfinished_children: 0,
    descendants: 0,
    finished_descendants: 0,
    version: 1,
  };
}

function instantsOf(
  store: TaskStore,
  task: PlacedTask,
  facts: CreationFacts | undefined,
): CreationInstants {
  if (facts !== undefined) return facts.instantsOf(task.index);
  const now = store.clock();
  return { createdAt: now, updatedAt: now, completedAt: now };
}

/** Children before parents: counts, and the status of groups. */
function sumUp(edges: readonly NewEdges[], rows: MutableRows): void {
  const begun = new Set<string>();
  for (const { task } of edges.toReversed()) {
    const row = rows.get(task.id)!;
    if (row.type === "group" && row.children > 0) {
      if (row.unfinished_children === 0) row.status = "completed";
      else if (begun.has(row.id)) row.status = "in_progress";
      row.completed_at = row.status === "completed" ? row.updated_at : null;
    }
    if (task.parent === null) continue;
    if (row.status !== "pending") begun.add(task.parent.id);
    const parent = rows.get(task.parent.id);
    if (parent === undefined) continue;
    const finished = isFinished(statusOf(row)) ? 1 : 0;
    parent.children += 1;
    parent.unfinished_children += 1 - finished;
    parent.descendants += row.descendants + 1;
    parent.finished_descendants += row.finished_descendants + finished;
  }
}

/** Parents before children: what each waits for, with what the tasks above it wait for. */
function sumBlockers(edges: readonly NewEdges[], rows: MutableRows): void {
  for (const { task, dependencies } of edges) {
    const row = rows.get(task.id)!;
    row.unfinished_dependencies = dependencies.filter(
      (dependency) => !isFinished(statusOf(rowOf(dependency, rows))),
    ).length;
    const above = task.parent === null ? 0 : rowOf(task.parent, rows).blockers;
    row.blockers = above + (row.unfinished_dependencies > 0 ? 1 : 0);
  }
}

function rowOf(task: PlacedTask | TaskRow, rows: ReadonlyMap<string, TaskRow>): TaskRow {
  return isPlaced(task) ? rows.get(task.id)! : task;
}

/** By new task: what it belongs to, where that is closed. Parents come first, so each looks one up. */
async function closedAbove(
  store: TaskStore,
  edges: readonly NewEdges[],
  rows: ReadonlyMap<string, TaskRow>,
): Promise<ReadonlyMap<string, ClosedTask>> {
  const closed = new Map<string, ClosedTask>();
  const asked = new Map<string, ClosedTask | undefined>();
  for (const { task } of edges) {
    const { parent } = task;
    if (parent === null) continue;
    let found: ClosedTask | undefined;
    if (!isPlaced(parent)) {
      if (!asked.has(parent.id)) asked.set(parent.id, await closedTaskAbove(store, parent.id));
      found = asked.get(parent.id);
    } else {
      const above = rows.get(parent.id)!;
      if (above.type === "group") found = closed.get(above.id);
      else if (isClosed(statusOf(above))) found = above;
    }
    if (found !== undefined) closed.set(task.id, found);
  }
  return closed;
}

function checkGroupStatus({ input, path }: PlacedTask): void {
  if (input.type === "group" && input.status !== "pending") throw groupStatusRefused(path);
}

function checkParentOpen(row: TaskRow, closed: ClosedTask | undefined): void {
  if (closed !== undefined && !isFinished(statusOf(row))) throw parentFinished(closed, row.path);
}

function checkNotBlocked(row: TaskRow): void {
  if (row.blockers === 0 || row.type === "group") return;
  if (row.status === "pending" || row.status === "cancelled") return;
  throw taskError(
    "task.blocked",
    `"${row.path}" cannot be created as ${row.status}, because it waits for unfinished tasks. ` +
      "Create it as pending.",
    { details: { task: row.path } },
  );
}

function checkChildrenFinished(row: TaskRow): void {
  if (isFinished(statusOf(row)) && row.unfinished_children > 0) throw childrenUnfinished(row);
}
