import { defineTable, type IndexDefinition, sqlQuery, type Table } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";

const columns = {
  id: { type: "text" },
  path: { type: "text" },
  parent: { type: "text", nullable: true },
  name: { type: "text" },
  description: { type: "text" },
  type: { type: "text" },
  status: { type: "text" },
  priority: { type: "integer" },
  tags: { type: "json" },
  assignee: { type: "text", nullable: true },
  reasoning: { type: "text" },
  metadata: { type: "json" },
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

/** Columns and indexes of the table of a task manager, which is above this package. */
const tasks: Table<typeof columns> = defineTable("tasks", {
  columns,
  primaryKey: ["id"],
  unique: [["path"], ["sequence"]],
  foreignKeys: [{ columns: ["parent"], table: "tasks", references: ["id"] }],
});
const ready = "status || '' = 'pending' AND blockers = 0 AND unfinished_children = 0";
const indexes: readonly Omit<IndexDefinition, "table">[] = [
  { name: "tasks_tree", on: [{ expression: "replace(path, '/', ' ')" }] },
  { name: "tasks_parent", on: ["parent", "sequence"] },
  { name: "tasks_begun", on: ["parent"], where: "status <> 'pending'" },
  { name: "tasks_status", on: ["status", "blockers"] },
  { name: "tasks_priority", on: ["priority", "sequence"] },
  { name: "tasks_updated", on: ["updated_at", "sequence"] },
  { name: "tasks_assignee", on: ["assignee"], where: "assignee IS NOT NULL" },
  { name: "tasks_ready", on: ["priority", "sequence"], where: ready },
  { name: "tasks_ready_assigned", on: ["assignee", "priority", "sequence"], where: ready },
  { name: "tasks_leased", on: ["lease_expires_at"], where: "lease_expires_at IS NOT NULL" },
];

/** Rows of one transaction while the table is filled. */
const chunkSize = 25_000;
/** Children of each task that has any. */
const familySize = 100;

const insertRows = sqlQuery<never, { first: number; last: number; family: number }>(
  `WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last),
   placed AS (SELECT i, i - i % :family AS top, i % :family = 0 AS is_top FROM n)
   INSERT INTO tasks (${Object.keys(columns).join(", ")}) SELECT
     printf('t-%010d', i),
     CASE WHEN is_top THEN printf('project-%d', i) ELSE printf('project-%d/task-%d', top, i) END,
     CASE WHEN is_top THEN NULL ELSE printf('t-%010d', top) END,
     'Task number ' || i,
     'What is to be done, why it matters, and how to tell that it is done: number ' || i || '.',
     CASE WHEN is_top THEN 'group' ELSE 'task' END,
     CASE i % 5 WHEN 0 THEN 'completed' WHEN 1 THEN 'in_progress' ELSE 'pending' END,
     i % 4, '["backend","release"]', CASE i % 3 WHEN 0 THEN 'agent-' || i % 50 END,
     'Chosen because what it waits for is done.', '{"source":"bench"}', i + 1,
     1700000000000 + i, 1700000000000 + i, CASE i % 5 WHEN 0 THEN 1700000000000 + i END,
     i % 5 = 1, CASE i % 5 WHEN 1 THEN 'agent-' || i % 50 END,
     CASE i % 5 WHEN 1 THEN 1700000000000 + i END,
     0, 0, is_top * (:family - 1), 0, is_top * (:family - 1), 0, 1
   FROM placed`,
);

/** Makes a database that holds so many tasks and nothing else. */
export async function createTaskStore(path: string, count: number): Promise<void> {
  await using database = await openSqlite(path, { durability: "relaxed" });
  const { dialect } = database;
  const execute = (statement: string): Promise<unknown> =>
    database.write((connection) => connection.execute(statement));
  for (const statement of dialect.createTable(tasks)) await execute(statement);
  for (let first = 0; first < count; first += chunkSize) {
    const last = Math.min(first + chunkSize, count) - 1;
    await database.write((connection) =>
      connection.run(insertRows, { first, last, family: familySize }),
    );
  }
  for (const index of indexes)
    for (const statement of dialect.createIndex({ ...index, table: tasks.name }))
      await execute(statement);
}
