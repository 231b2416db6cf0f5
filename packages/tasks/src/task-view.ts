import { sqlQuery } from "@atlas/storage";
import { isFinished, shownStatus } from "./status-machine.ts";
import type {
  JsonObject,
  NoteKind,
  SettableStatus,
  Task,
  TaskLease,
  TaskNote,
  TaskPriority,
  TaskType,
} from "./task.ts";
import { taskPriorities } from "./task.ts";
import { rowQuery, type TaskStore } from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";

const rowsOf = rowQuery<{ ids: string }>("WHERE id IN (SELECT value FROM json_each(:ids))");
const notesOf = sqlQuery<StoredNote, { ids: string }>(
  `SELECT task, kind, text, actor, at FROM task_notes
   WHERE task IN (SELECT value FROM json_each(:ids)) ORDER BY task, number`,
);
const dependenciesOf = sqlQuery<{ task: string; id: string }, { ids: string }>(
  `SELECT edge.task, tasks.id FROM task_dependencies AS edge
     JOIN tasks ON tasks.id = edge.dependency
   WHERE edge.task IN (SELECT value FROM json_each(:ids)) ORDER BY tasks.sequence`,
);

interface StoredNote {
  readonly task: string;
  readonly kind: string;
  readonly text: string;
  readonly actor: string;
  readonly at: number;
}

/** The rank a priority is stored as: 0 is most urgent. @internal */
export function rankOf(priority: TaskPriority): number {
  return taskPriorities.indexOf(priority);
}

/** @internal */
export function statusOf(row: TaskRow): SettableStatus {
  return row.status as SettableStatus;
}

/** The lease while it holds. @internal */
export function leaseOf(row: TaskRow, now: number): TaskLease | null {
  if (row.lease_holder === null || row.lease_expires_at === null) return null;
  if (row.lease_expires_at <= now) return null;
  return {
    holder: row.lease_holder,
    token: row.lease_token,
    expiresAt: isoOf(row.lease_expires_at),
  };
}

/** Rows as readers see them, with what lies in other tables. @internal */
export async function viewTasks(store: TaskStore, rows: readonly TaskRow[]): Promise<Task[]> {
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const notes = Map.groupBy(await store.connection.all(notesOf, { ids }), ({ task }) => task);
  const edges = await store.connection.all(dependenciesOf, { ids });
  const dependencies = Map.groupBy(edges, ({ task }) => task);
  const now = store.clock();
  return rows.map((row) => ({
    ...viewRow(row),
    dependencies: (dependencies.get(row.id) ?? []).map(({ id }) => id),
    notes: (notes.get(row.id) ?? []).map(viewNote),
    lease: leaseOf(row, now),
  }));
}

/** Stored tasks as readers see them, in the order asked for. @internal */
export async function viewIds(store: TaskStore, ids: readonly string[]): Promise<readonly Task[]> {
  const rows = await store.connection.all(rowsOf, { ids: JSON.stringify(ids) });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return viewTasks(
    store,
    ids.map((id) => byId.get(id)!),
  );
}

/** What the row alone says. */
function viewRow(row: TaskRow): Omit<Task, "dependencies" | "notes" | "lease"> {
  return {
    id: row.id,
    path: row.path,
    name: row.name,
    description: row.description,
    type: row.type as TaskType,
    status: shownStatus(statusOf(row), row.blockers),
    parent: row.parent,
    priority: priorityOf(row),
    tags: row.tags,
    assignee: row.assignee,
    reasoning: row.reasoning,
    metadata: row.metadata,
    progress: progressOf(row),
    unfinishedDependencies: row.unfinished_dependencies,
    children: row.children,
    version: row.version,
    createdAt: isoOf(row.created_at),
    updatedAt: isoOf(row.updated_at),
    completedAt: row.completed_at === null ? null : isoOf(row.completed_at),
  };
}

/**
 * What the change log keeps of a row: the fields somebody decides, under the
 * names readers know, and the version to order them by.
 *
 * @internal
 */
export function imageOf(row: TaskRow, dependencies: readonly string[]): JsonObject {
  return {
    path: row.path,
    name: row.name,
    description: row.description,
    type: row.type,
    status: row.status,
    parent: row.parent,
    dependencies,
    priority: priorityOf(row),
    tags: row.tags,
    assignee: row.assignee,
    reasoning: row.reasoning,
    metadata: row.metadata,
    holder: row.lease_holder,
    version: row.version,
  };
}

/** @internal */
export function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}

function priorityOf(row: TaskRow): TaskPriority {
  return taskPriorities[row.priority] ?? "medium";
}

function progressOf(row: TaskRow): number {
  if (row.descendants === 0) return isFinished(statusOf(row)) ? 100 : 0;
  return Math.floor((100 * row.finished_descendants) / row.descendants);
}

function viewNote(note: StoredNote): TaskNote {
  return { kind: note.kind as NoteKind, text: note.text, actor: note.actor, at: isoOf(note.at) };
}
