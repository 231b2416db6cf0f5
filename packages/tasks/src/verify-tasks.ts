import type { EngineFinding, UnifiedStorageEngine } from "@atlas/engine";
import { type Query, sqlQuery } from "@atlas/storage";
import type { TaskFinding } from "./task-report.ts";
import type { TaskStore } from "./task-store.ts";

/** Findings kept per check. */
const findingsMax = 100;

interface Check {
  readonly kind: string;
  readonly message: string;
  readonly query: Query<{ id: string }>;
}

const checkOf = (kind: string, message: string, sql: string): Check => ({
  kind,
  message,
  query: sqlQuery<{ id: string }>(`${sql} LIMIT ${findingsMax}`),
});

const checks: readonly Check[] = [
  checkOf(
    "path",
    "The path does not lie directly under the parent's.",
    `SELECT task.id FROM tasks AS task LEFT JOIN tasks AS above ON above.id = task.parent
     WHERE (task.parent IS NULL AND task.path LIKE '%/%')
        OR (task.parent IS NOT NULL AND (above.id IS NULL
          OR substr(task.path, 1, length(above.path) + 1) <> above.path || '/'
          OR substr(task.path, length(above.path) + 2) LIKE '%/%'))`,
  ),
  checkOf(
    "tags",
    "The tags differ from those by which it is found.",
    `SELECT id FROM tasks WHERE (SELECT count(*) FROM task_tags WHERE task = tasks.id)
       <> json_array_length(tags)`,
  ),
  checkOf(
    "lease",
    "It has half a lease, or one although nobody can be working on it.",
    `SELECT id FROM tasks WHERE (lease_holder IS NULL) <> (lease_expires_at IS NULL)
       OR (lease_holder IS NOT NULL AND status <> 'in_progress')`,
  ),
  checkOf(
    "group",
    "The status of the group does not follow from its children.",
    `SELECT id FROM tasks WHERE type = 'group' AND children > 0
       AND (unfinished_children = 0) <> (status = 'completed')`,
  ),
  checkOf(
    "completion",
    "It has an instant of completion without being completed, or the reverse.",
    "SELECT id FROM tasks WHERE (status = 'completed') <> (completed_at IS NOT NULL)",
  ),
];

/** @internal */
export async function verifyTasks(
  store: TaskStore,
  engine: UnifiedStorageEngine,
): Promise<readonly TaskFinding[]> {
  const report = await engine.verify();
  const findings: TaskFinding[] = report.findings.map(viewFinding);
  // What is read from a damaged file says nothing, and reading it may fail.
  if (findings.some(({ kind }) => kind === "storage")) return findings;
  for (const { kind, message, query } of checks)
    for (const { id } of await store.connection.all(query))
      findings.push({ kind, message, task: id });
  return findings;
}

function viewFinding(found: EngineFinding): TaskFinding {
  switch (found.source) {
    case "index":
      return { kind: "index", message: JSON.stringify(found.finding) };
    case "record":
      return {
        kind: "record",
        message: `${found.collection}: ${found.issues.map(({ code, path }) => `${path} ${code}`).join(", ")}`,
        task: found.key,
      };
    case "storage":
      return { kind: "storage", message: found.problem };
  }
}
