import { type JsonColumn, type RowOf, type Table, defineTable } from "@atlas/storage";
import type { JsonObject } from "./task.ts";

const taskColumns = {
  id: { type: "text" },
  path: { type: "text" },
  parent: { type: "text", nullable: true },
  name: { type: "text" },
  description: { type: "text" },
  type: { type: "text" },
  status: { type: "text" },
  priority: { type: "integer" },
  tags: { type: "json" } as JsonColumn<readonly string[]>,
  assignee: { type: "text", nullable: true },
  reasoning: { type: "text" },
  metadata: { type: "json" } as JsonColumn<JsonObject>,
  sequence: { type: "integer" },
  created_at: { type: "integer" },
  updated_at: { type: "integer" },
  completed_at: { type: "integer", nullable: true },
  lease_token: { type: "integer", default: 0 },
  lease_holder: { type: "text", nullable: true },
  lease_expires_at: { type: "integer", nullable: true },
  unfinished_dependencies: { type: "integer", default: 0 },
  blockers: { type: "integer", default: 0 },
  children: { type: "integer", default: 0 },
  unfinished_children: { type: "integer", default: 0 },
  descendants: { type: "integer", default: 0 },
  finished_descendants: { type: "integer", default: 0 },
  version: { type: "integer", default: 1 },
} as const;

const dependencyColumns = {
  task: { type: "text" },
  dependency: { type: "text" },
} as const;

const noteColumns = {
  task: { type: "text" },
  number: { type: "integer" },
  kind: { type: "text" },
  text: { type: "text" },
  actor: { type: "text" },
  at: { type: "integer" },
} as const;

const tagColumns = {
  tag: { type: "text" },
  task: { type: "text" },
} as const;

const importColumns = {
  source: { type: "text" },
  external_id: { type: "text" },
  task: { type: "text" },
  content_hash: { type: "text" },
} as const;

/** One row per task. Instants are milliseconds since the epoch, priorities ranks from 0. */
export const tasksTable: Table<typeof taskColumns> = defineTable("tasks", {
  columns: taskColumns,
  primaryKey: ["id"],
  unique: [["path"], ["sequence"]],
  foreignKeys: [{ columns: ["parent"], table: "tasks", references: ["id"] }],
});

/** `task` waits for `dependency`. */
export const dependenciesTable: Table<typeof dependencyColumns> = defineTable("task_dependencies", {
  columns: dependencyColumns,
  primaryKey: ["task", "dependency"],
  foreignKeys: [
    { columns: ["task"], table: "tasks", references: ["id"] },
    { columns: ["dependency"], table: "tasks", references: ["id"] },
  ],
});

/** Notes, numbered from 1 within their task. */
export const notesTable: Table<typeof noteColumns> = defineTable("task_notes", {
  columns: noteColumns,
  primaryKey: ["task", "number"],
  foreignKeys: [{ columns: ["task"], table: "tasks", references: ["id"] }],
});

/** The tags once more, by tag, so that a filter costs the size of its answer. */
export const tagsTable: Table<typeof tagColumns> = defineTable("task_tags", {
  columns: tagColumns,
  primaryKey: ["tag", "task"],
  foreignKeys: [{ columns: ["task"], table: "tasks", references: ["id"] }],
});

/** Which task a record of another program became. */
export const importsTable: Table<typeof importColumns> = defineTable("task_imports", {
  columns: importColumns,
  primaryKey: ["source", "external_id"],
});

/** A task as it is stored. */
export type TaskRow = RowOf<typeof tasksTable>;
