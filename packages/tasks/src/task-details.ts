import { insertInto, type Query, sqlQuery } from "@atlas/storage";
import { taskError } from "./errors.ts";
import { taskLimits } from "./limits.ts";
import type { NewNote } from "./task-input.ts";
import type { TaskStore } from "./task-store.ts";
import { tagsTable } from "./task-tables.ts";

/** @internal */
export const insertTag: Query<never, { tag: string; task: string }> = insertInto(tagsTable).build();
const deleteTags = sqlQuery<never, { task: string }>("DELETE FROM task_tags WHERE task = :task");
const insertNote = sqlQuery<
  never,
  { task: string; number: number; kind: string; text: string; actor: string; at: number }
>(
  `INSERT INTO task_notes (task, number, kind, text, actor, at)
   VALUES (:task, :number, :kind, :text, :actor, :at)`,
);
const deleteNotes = sqlQuery<never, { task: string }>("DELETE FROM task_notes WHERE task = :task");
const deleteEdges = sqlQuery<never, { task: string }>(
  "DELETE FROM task_dependencies WHERE task = :task",
);
const highestNote = sqlQuery<{ highest: number | null }, { task: string }>(
  "SELECT max(number) AS highest FROM task_notes WHERE task = :task",
);

/** @throws {AtlasError} task.limit_exceeded @internal */
export async function addNotes(
  store: TaskStore,
  task: string,
  notes: readonly NewNote[],
): Promise<void> {
  if (notes.length === 0) return;
  const number = (await store.connection.get(highestNote, { task }))?.highest ?? 0;
  if (number + notes.length > taskLimits.notesMax)
    throw taskError(
      "task.limit_exceeded",
      `A task can have ${taskLimits.notesMax} notes, and this one has ${number}. Put the rest ` +
        "into a task below it.",
      { details: { limit: "notesMax" } },
    );
  const { actor } = store;
  const at = store.clock();
  await store.connection.runMany(
    insertNote,
    notes.map(({ kind, text }, index) => ({
      task,
      number: number + index + 1,
      kind,
      text,
      actor,
      at,
    })),
  );
}

/** @internal */
export async function replaceTags(
  store: TaskStore,
  task: string,
  tags: readonly string[],
): Promise<void> {
  await store.connection.run(deleteTags, { task });
  await store.connection.runMany(
    insertTag,
    tags.map((tag) => ({ tag, task })),
  );
}

/** Deletes what other tables hold of a task, except who depends on it. @internal */
export async function deleteDetails(store: TaskStore, task: string): Promise<void> {
  for (const statement of [deleteTags, deleteNotes, deleteEdges])
    await store.connection.run(statement, { task });
}
