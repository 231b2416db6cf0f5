import { from, insertInto, param, type Query } from "@atlas/storage";
import { notes, type Task, tasks } from "./sample.ts";

const columns = ["id", "name", "status", "priority", "description", "updated_at"] as const;

/** A range of keys. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What a join returns. */
export interface TaskNote {
  readonly id: number;
  readonly name: string;
  readonly number: number;
  readonly body: string;
}

/** One task by its key. */
export const taskById: Query<Task, { readonly id: number }> = from(tasks)
  .select(...columns)
  .where("id", "eq", param("id"))
  .build();

/** Tasks in the order of their keys. */
export const taskRange: Query<Task, Range> = from(tasks)
  .select(...columns)
  .where("id", "gte", param("low"))
  .where("id", "lt", param("high"))
  .orderBy("id")
  .build();

/** The notes of some tasks, with the tasks. */
export const taskNotes: Query<TaskNote, Range> = from(tasks)
  .join("inner", notes, { "notes.task": "tasks.id" })
  .select("tasks.id", "name", "number", "body")
  .where("tasks.id", "gte", param("low"))
  .where("tasks.id", "lt", param("high"))
  .orderBy("tasks.id")
  .orderBy("number")
  .build();

/** One more task. */
export const insertTask: Query<never, Task> = insertInto(tasks).build();
