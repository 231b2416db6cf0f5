import type { EngineFinding, UnifiedStorageEngine } from "@atlas/engine";
import { type Query, sqlQuery } from "@atlas/storage";
import type { Edge } from "./change-dependencies.ts";
import { connect, findCycle, type Graph } from "./moment-graph.ts";
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

const parents = sqlQuery<{ id: string; parent: string | null }>("SELECT id, parent FROM tasks");
const edges = sqlQuery<Edge>("SELECT task, dependency FROM task_dependencies");

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
       OR (lease_holder IS NOT NULL AND (status <> 'in_progress' OR type = 'group'))`,
  ),
  checkOf(
    "group",
    "The status of the group does not follow from its children.",
    `SELECT id FROM tasks WHERE type = 'group' AND status <> CASE
       WHEN children = 0 THEN CASE status WHEN 'completed' THEN 'completed' ELSE 'pending' END
       WHEN unfinished_children = 0 THEN 'completed'
       WHEN EXISTS (SELECT 1 FROM tasks AS child
         WHERE child.parent = tasks.id AND child.status <> 'pending') THEN 'in_progress'
       ELSE 'pending' END`,
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
  // On one snapshot: what is written meanwhile must not look like a contradiction.
  const own = await engine.atomic(() => checkTasks(store), { readonly: true });
  return [...findings, ...own];
}

async function checkTasks(store: TaskStore): Promise<readonly TaskFinding[]> {
  const findings: TaskFinding[] = [];
  for (const { kind, message, query } of checks)
    for (const { id } of await store.connection.all(query))
      findings.push({ kind, message, task: id });
  return [...findings, ...(await findStoredCycle(store))];
}

/** Nothing lets one in, so one is enough to say that something is wrong. */
async function findStoredCycle(store: TaskStore): Promise<readonly TaskFinding[]> {
  const graph: Graph = new Map();
  for (const { id, parent } of await store.connection.all(parents)) {
    connect(graph, { kind: "done", id }, { kind: "gate", id });
    if (parent === null) continue;
    connect(graph, { kind: "gate", id }, { kind: "gate", id: parent });
    connect(graph, { kind: "done", id: parent }, { kind: "done", id });
  }
  for (const { task, dependency } of await store.connection.all(edges))
    connect(graph, { kind: "gate", id: task }, { kind: "done", id: dependency });
  const [first] = findCycle(graph) ?? [];
  if (first === undefined) return [];
  const task = first.slice(first.indexOf(" ") + 1);
  return [{ kind: "cycle", message: "It waits for itself, directly or through others.", task }];
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
