import { DatabaseSync } from "node:sqlite";
import { defineRule, type BusinessRule } from "@atlas/validation";
import type { Task } from "./tasks.ts";

/** A database in memory with the ids of so many tasks. */
export function openTaskStore(count: number): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE task (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID");
  database.exec("BEGIN");
  const insert = database.prepare("INSERT INTO task VALUES (?)");
  for (let n = 0; n < count; n += 1) insert.run(`t${n}`);
  database.exec("COMMIT");
  return database;
}

/** Which of these ids there are, by one query. */
function knownIds(database: DatabaseSync, ids: ReadonlySet<string>): ReadonlySet<unknown> {
  const rows = database
    .prepare("SELECT id FROM task WHERE id IN (SELECT value FROM json_each(?))")
    .all(JSON.stringify([...ids]));
  return new Set(rows.map((row) => row["id"]));
}

/** Refuses dependencies on tasks that do not exist. */
export const noUnknownDependency: BusinessRule<Task, DatabaseSync> = defineRule({
  code: "task.dependency_unknown",
  message: "A task depends on a task that does not exist.",
  fields: ["dependencies"],
  load: (tasks: readonly Task[], database: DatabaseSync) =>
    knownIds(database, new Set(tasks.flatMap(({ dependencies }) => dependencies))),
  check: ({ dependencies }: Task, known) => dependencies.every((id) => known.has(id)),
});

/** Refuses a parent that does not exist. */
export const noUnknownParent: BusinessRule<Task, DatabaseSync> = defineRule({
  code: "task.parent_unknown",
  message: "The parent of a task does not exist.",
  fields: ["parent"],
  load: (tasks: readonly Task[], database: DatabaseSync) =>
    knownIds(database, new Set(tasks.flatMap(({ parent = [] }) => parent))),
  check: ({ parent }: Task, known) => parent === undefined || known.has(parent),
});
