import { type AnyCollection, defineCollection } from "@atlas/engine";
import { z } from "zod";
import { readyCondition } from "./ready-tasks.ts";
import { treeOrder } from "./task-path.ts";
import { taskTypes } from "./task.ts";
import {
  dependenciesTable,
  importsTable,
  notesTable,
  tagsTable,
  tasksTable,
} from "./task-tables.ts";

const id = z.string().min(1);
const count = z.int().min(0);
const instant = z.int();
const unfinished = "NOT IN ('completed', 'cancelled')";
const finished = "IN ('completed', 'cancelled')";

const tasksCollection: AnyCollection = defineCollection({
  name: "tasks",
  table: tasksTable,
  key: "id",
  version: "version",
  schema: z.object({
    id,
    path: z.string().min(1),
    parent: id.nullable(),
    name: z.string().min(1),
    description: z.string(),
    type: z.enum(taskTypes),
    status: z.enum(["pending", "in_progress", "completed", "failed", "cancelled"]),
    priority: z.int().min(0).max(3),
    tags: z.array(z.string()),
    assignee: z.string().nullable(),
    reasoning: z.string(),
    metadata: z.record(z.string(), z.json()),
    sequence: z.int().min(1),
    created_at: instant,
    updated_at: instant,
    completed_at: instant.nullable(),
    lease_token: count,
    lease_holder: z.string().nullable(),
    lease_expires_at: instant.nullable(),
  }),
  indexes: [
    { name: "tasks_tree", kind: "secondary", on: [{ expression: treeOrder }] },
    { name: "tasks_parent", kind: "secondary", on: ["parent", "sequence"] },
    { name: "tasks_begun", kind: "secondary", on: ["parent"], where: "status <> 'pending'" },
    { name: "tasks_status", kind: "secondary", on: ["status", "blockers"] },
    { name: "tasks_priority", kind: "secondary", on: ["priority", "sequence"] },
    { name: "tasks_updated", kind: "secondary", on: ["updated_at", "sequence"] },
    {
      name: "tasks_assignee",
      kind: "secondary",
      on: ["assignee"],
      where: "assignee IS NOT NULL",
    },
    { name: "tasks_ready", kind: "secondary", on: ["priority", "sequence"], where: readyCondition },
    {
      name: "tasks_ready_assigned",
      kind: "secondary",
      on: ["assignee", "priority", "sequence"],
      where: readyCondition,
    },
    {
      name: "tasks_leased",
      kind: "secondary",
      on: ["lease_expires_at"],
      where: "lease_expires_at IS NOT NULL",
    },
  ],
  search: { name: 10, description: 2, reasoning: 1 },
  maintained: [
    {
      name: "tasks_unfinished_dependencies",
      column: "unfinished_dependencies",
      expression: `SELECT count(*) FROM task_dependencies AS edge
        JOIN tasks AS other ON other.id = edge.dependency
        WHERE edge.task = self.id AND other.status ${unfinished}`,
    },
    {
      name: "tasks_blockers",
      column: "blockers",
      expression: `WITH RECURSIVE above(id) AS (
          SELECT self.id
          UNION ALL
          SELECT other.parent FROM tasks AS other JOIN above ON other.id = above.id
            WHERE other.parent IS NOT NULL)
        SELECT count(*) FROM above JOIN tasks AS other ON other.id = above.id
        WHERE other.unfinished_dependencies > 0`,
    },
    {
      name: "tasks_children",
      column: "children",
      expression: "SELECT count(*) FROM tasks AS other WHERE other.parent = self.id",
    },
    {
      name: "tasks_unfinished_children",
      column: "unfinished_children",
      expression: `SELECT count(*) FROM tasks AS other
        WHERE other.parent = self.id AND other.status ${unfinished}`,
    },
    {
      name: "tasks_descendants",
      column: "descendants",
      expression: `SELECT count(*) FROM tasks AS other
        WHERE other.path >= self.path || '/' AND other.path < self.path || '0'`,
    },
    {
      name: "tasks_finished_descendants",
      column: "finished_descendants",
      expression: `SELECT count(*) FROM tasks AS other
        WHERE other.path >= self.path || '/' AND other.path < self.path || '0'
          AND other.status ${finished}`,
    },
  ],
});

/**
 * Everything the task manager stores, declared for the engine: it creates the
 * tables and indexes, verifies rows against the schemas and the summary columns
 * against their expressions, and rebuilds what differs. Only the task manager
 * writes to them: with statements of its own, which keep the summaries by
 * differences (maintain.ts).
 */
export const taskCollections: readonly AnyCollection[] = [
  tasksCollection,
  defineCollection({
    name: "task_dependencies",
    table: dependenciesTable,
    key: ["task", "dependency"],
    schema: z.object({ task: id, dependency: id }),
    indexes: [{ name: "task_dependencies_reverse", kind: "secondary", on: ["dependency", "task"] }],
    tracked: false,
  }),
  defineCollection({
    name: "task_notes",
    table: notesTable,
    key: ["task", "number"],
    schema: z.object({
      task: id,
      number: z.int().min(1),
      kind: z.string(),
      text: z.string(),
      actor: z.string(),
      at: instant,
    }),
    tracked: false,
  }),
  defineCollection({
    name: "task_tags",
    table: tagsTable,
    key: ["tag", "task"],
    schema: z.object({ tag: z.string().min(1), task: id }),
    indexes: [{ name: "task_tags_task", kind: "secondary", on: ["task"] }],
    tracked: false,
  }),
  defineCollection({
    name: "task_imports",
    table: importsTable,
    key: ["source", "external_id"],
    schema: z.object({
      source: z.string(),
      external_id: z.string(),
      task: id,
      content_hash: z.string(),
    }),
    indexes: [{ name: "task_imports_task", kind: "secondary", on: ["task"] }],
    tracked: false,
  }),
];
