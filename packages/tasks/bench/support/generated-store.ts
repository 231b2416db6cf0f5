import { temporaryDirectory } from "@atlas/storage/testing";
import Driver from "better-sqlite3";
import { type OpenStore, openStoreAt } from "./open-store.ts";

/** A task manager over a generated store. */
export interface GeneratedStore extends OpenStore {
  readonly taskCount: number;
  readonly dependencyCount: number;
}

/**
 * Opens a store of `size` tasks (a multiple of 1,000) with 2.4 dependencies for
 * each: projects of 999 steps in chains of ten, each step waiting for the three
 * before it, of which the first 0 to 4 are completed. The rows are made by the
 * database itself, with their summary columns, and the indexes by the engine
 * when it opens the store.
 */
export async function openGeneratedStore(size: number): Promise<GeneratedStore> {
  const directory = temporaryDirectory();
  const path = directory.file("tasks.db");
  await (await openStoreAt(path))[Symbol.asyncDispose]();
  const counts = fill(path, size);
  const store = await openStoreAt(path);
  return {
    ...store,
    ...counts,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** Makes the rows in one transaction, without the indexes, which are cheaper made afterwards. */
function fill(path: string, size: number): Pick<GeneratedStore, "taskCount" | "dependencyCount"> {
  const driver = new Driver(path);
  driver.pragma("synchronous = OFF");
  driver.pragma("foreign_keys = OFF");
  const indexes = driver
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .pluck()
    .all() as string[];
  for (const name of indexes) driver.exec(`DROP INDEX "${name}"`);
  driver.transaction(() => {
    driver.prepare(insertTasks).run({ size });
    driver.prepare(insertDependencies).run();
  })();
  const count = (table: string): number =>
    driver.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  const counts = { taskCount: count("tasks"), dependencyCount: count("task_dependencies") };
  driver.close();
  return counts;
}

// Of step p in its chain, `p - done` of the up to three before it are unfinished.
const insertTasks = `
  WITH RECURSIVE numbers(n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :size),
  steps AS (
    SELECT n, n / 1000 AS project, n % 1000 AS place, (n % 1000 - 1) % 10 AS p,
      (n % 1000 - 1) / 10 % 5 AS done
    FROM numbers)
  INSERT INTO tasks (id, path, parent, name, description, type, status, priority, tags,
    assignee, reasoning, metadata, sequence, created_at, updated_at, completed_at,
    unfinished_dependencies, blockers, children, unfinished_children, descendants,
    finished_descendants)
  SELECT printf('t-%010d', n),
    'project-' || project || iif(place = 0, '', '/step-' || place),
    iif(place = 0, NULL, printf('t-%010d', project * 1000)),
    iif(place = 0, 'Project ', 'Step ') || n, '',
    iif(place = 0, 'group', 'task'),
    CASE WHEN place = 0 THEN 'in_progress' WHEN p < done THEN 'completed' ELSE 'pending' END,
    n % 4, '[]', NULL, '', '{}', n + 1, 1900000000000 + n, 1900000000000 + n,
    iif(place > 0 AND p < done, 1900000000000 + n, NULL),
    iif(place = 0, 0, max(0, min(3, p, p - done))),
    iif(place = 0, 0, p > done),
    iif(place = 0, 999, 0),
    iif(place = 0, 999 - finished, 0),
    iif(place = 0, 999, 0),
    iif(place = 0, finished, 0)
  FROM steps, (SELECT count(*) AS finished FROM (
    WITH RECURSIVE places(q) AS (SELECT 0 UNION ALL SELECT q + 1 FROM places WHERE q < 998)
    SELECT q FROM places WHERE q % 10 < q / 10 % 5))`;

const insertDependencies = `
  INSERT INTO task_dependencies (task, dependency)
  SELECT task.id, printf('t-%010d', task.sequence - 1 - back)
  FROM tasks AS task, (SELECT 1 AS back UNION ALL SELECT 2 UNION ALL SELECT 3)
  WHERE task.type = 'task' AND ((task.sequence - 1) % 1000 - 1) % 10 >= back`;
