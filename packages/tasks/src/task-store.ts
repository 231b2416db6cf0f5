import {
  type Connection,
  type NoValues,
  type Query,
  type RawRow,
  type SqlValue,
  sqlQuery,
} from "@atlas/storage";
import type { ChangeLog } from "@atlas/engine";
import { taskError } from "./errors.ts";
import { isTaskId } from "./task-path.ts";
import { type TaskRow, tasksTable } from "./task-tables.ts";
import type { TaskReference } from "./task-input.ts";
import type { JsonObject } from "./task.ts";

/** What every operation works with. @internal */
export interface TaskStore {
  /** Belongs to the transaction of the calling code. */
  readonly connection: Connection;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly createId: () => string;
  /** Who acts, in the call that is being served. */
  readonly actor: string;
  readonly changes: ChangeLog;
  /** The condition "has these words", from the search index. */
  readonly search: (text: string) => SearchCondition;
}

/** A condition for a WHERE clause and the values of its `?`. @internal */
export interface SearchCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** One change as readers of the history will see it. @internal */
export interface LoggedChange {
  readonly key: string;
  readonly before?: JsonObject;
  readonly after?: JsonObject;
  /** Default: the actor of the call. */
  readonly actor?: string;
}

/** The columns of a whole row, in order. */
const rowColumns: readonly (keyof TaskRow)[] = Object.keys(tasksTable.columns) as (keyof TaskRow)[];

/** @internal */
export const selectRows = `SELECT ${rowColumns.map((name) => `tasks.${name}`).join(", ")} FROM tasks`;

/** @internal */
export function decodeRow(raw: RawRow): TaskRow {
  return {
    ...(raw as object as TaskRow),
    tags: JSON.parse(String(raw["tags"])) as readonly string[],
    metadata: JSON.parse(String(raw["metadata"])) as JsonObject,
  };
}

/** A query for whole rows. @internal */
export function rowQuery<Values extends object = NoValues>(
  clauses: string,
): Query<TaskRow, Values> {
  return sqlQuery<TaskRow, Values>(`${selectRows} ${clauses}`, { decode: decodeRow });
}

const byId = rowQuery<{ id: string }>("WHERE id = :id");
const byPath = rowQuery<{ path: string }>("WHERE path = :path");
const dependencyIds = sqlQuery<{ id: string }, { task: string }>(
  `SELECT tasks.id FROM task_dependencies AS edge JOIN tasks ON tasks.id = edge.dependency
   WHERE edge.task = :task ORDER BY tasks.sequence`,
);

/** @internal */
export function rowById(store: TaskStore, id: string): Promise<TaskRow | undefined> {
  return store.connection.get(byId, { id });
}

/** @internal */
export function rowByPath(store: TaskStore, path: string): Promise<TaskRow | undefined> {
  return store.connection.get(byPath, { path });
}

/** The row an id or a path names. @internal */
export function findRow(store: TaskStore, reference: TaskReference): Promise<TaskRow | undefined> {
  return isTaskId(reference)
    ? rowById(store, reference)
    : rowByPath(store, reference.normalize("NFC"));
}

/** @throws {AtlasError} task.not_found @internal */
export async function requireRow(store: TaskStore, reference: TaskReference): Promise<TaskRow> {
  const row = await findRow(store, reference);
  if (row !== undefined) return row;
  throw taskError(
    "task.not_found",
    `There is no task "${reference.slice(0, 200)}". List the tasks to find its id or path.`,
    { details: { task: reference.slice(0, 200) } },
  );
}

/** Ids of the tasks that `task` waits for, in the order of their creation. @internal */
export async function dependenciesOf(store: TaskStore, task: string): Promise<readonly string[]> {
  return (await store.connection.all(dependencyIds, { task })).map(({ id }) => id);
}

/** Writes changes of tasks into the history. @internal */
export function logChanges(store: TaskStore, changes: readonly LoggedChange[]): Promise<void> {
  return store.changes.record(changes.map((change) => ({ collection: "tasks", ...change })));
}
