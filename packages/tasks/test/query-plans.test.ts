import type { UnifiedStorageEngine } from "@atlas/engine";
import type { Connection, Query } from "@atlas/storage";
import { createTaskManager, type NewTask, type TaskManager } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };

describe("K5: what a call costs depends on its answer, not on the store", () => {
  test("ready work and expired leases are read from their own indexes, in order", async () => {
    await using recorded = await record();
    const plans = await recorded.plansOf((tasks) => tasks.claimNext({ count: 3 }, ann));

    expect(plans.get("lease_expires_at <= ?")).toEqual([
      expect.stringMatching(/^SEARCH tasks USING INDEX tasks_leased /),
    ]);
    for (const half of ["assignee IS NULL", "assignee = ?"])
      expect(plans.get(half)).toEqual([
        expect.stringMatching(/^SEARCH tasks USING INDEX tasks_ready_assigned \(assignee=\?\)/),
      ]);

    const next = await recorded.plansOf((tasks) => tasks.next({ count: 3 }));
    expect(next.get("= 'pending' AND")).toEqual(["SCAN tasks USING INDEX tasks_ready"]);
  });

  test.for(["path", "priority", "updated"] as const)(
    "a page by %s is read in its order, wherever it begins",
    async (order) => {
      await using recorded = await record();
      const { nextCursor: cursor = "" } = await recorded.tasks.list({}, { order, limit: 2 });
      const first = await recorded.plansOf((tasks) => tasks.list({}, { order, limit: 2 }));
      const later = await recorded.plansOf((tasks) => tasks.list({}, { order, limit: 2, cursor }));

      const index = order === "path" ? "tasks_tree" : `tasks_${order}`;
      expect(first.get("ORDER BY")).toEqual([`SCAN tasks USING INDEX ${index}`]);
      expect(later.get("ORDER BY")).toEqual([
        expect.stringMatching(new RegExp(`^SEARCH tasks USING INDEX ${index} `)),
      ]);
    },
  );

  test("what lies below a task is one stretch of the tree's index", async () => {
    await using recorded = await record();
    const plans = await recorded.plansOf((tasks) => tasks.list({ under: "g" }));
    expect(plans.get("ORDER BY")).toEqual([
      expect.stringMatching(/^SEARCH tasks USING INDEX tasks_tree /),
    ]);
  });

  test("no call that changes tasks reads a whole table", async () => {
    await using recorded = await record();
    const calls: readonly ((tasks: TaskManager) => Promise<unknown>)[] = [
      (tasks) => tasks.create([{ name: "new", parent: "g/t1", dependencies: ["g/t2"] }], ann),
      (tasks) => tasks.update([{ task: "g/t2", status: "failed", addDependencies: ["g/t3"] }], ann),
      (tasks) => tasks.update([{ task: "g/t4", parent: "g/t5", tags: ["x"] }], ann),
      (tasks) => tasks.claimNext({ under: "g", tags: ["x"] }, ann),
      (tasks) => tasks.claim(["g/t6"], ann),
      (tasks) => tasks.delete(["g/t7"], ann),
      (tasks) => tasks.delete(["g/t5"], ann, "orphan"),
      (tasks) => tasks.history("g/t1"),
      (tasks) => tasks.get(["g/t1"]),
      (tasks) => tasks.import([{ name: "r", externalId: "1" }], ann, { source: "s", into: "g" }),
    ];
    for (const call of calls) {
      const plans = await recorded.plansOf(call);
      const scans = plans
        .all()
        .filter((line) => /^SCAN (tasks|task_\w+|edge|own|child)\b/.test(line));
      expect(scans.filter((line) => !/ USING (COVERING )?INDEX tasks_ready/.test(line))).toEqual(
        [],
      );
    }
  });
});

/** The plans of the statements of one call. */
interface Plans {
  /** Of the statement that reads tasks and has this in its text. */
  readonly get: (part: string) => readonly string[] | undefined;
  readonly all: () => readonly string[];
}

interface Recorded extends AsyncDisposable {
  readonly tasks: TaskManager;
  readonly plansOf: (call: (tasks: TaskManager) => Promise<unknown>) => Promise<Plans>;
}

/** A manager with some tasks, whose statements are written down. */
async function record(): Promise<Recorded> {
  const open = await openTasks();
  const statements = new Set<string>();
  const engine = watched(open.engine, (sql) => statements.add(sql));
  const tasks = createTaskManager(engine, { clock: open.now });
  const group: NewTask = { name: "g", type: "group" };
  const names = Array.from({ length: 30 }, (_, at) => ({ name: `t${at}`, parent: "g" }));
  await tasks.create([group, ...names], ann);
  return {
    tasks,
    async plansOf(call) {
      statements.clear();
      await call(tasks);
      const plans = new Map<string, readonly string[]>();
      for (const sql of statements) plans.set(sql, await explain(open.engine.connection, sql));
      const readsTasks = (sql: string): boolean => /^SELECT tasks\.id, .* FROM tasks /s.test(sql);
      return {
        get: (part) =>
          [...plans].find(
            ([sql]) => readsTasks(sql) && sql.replace(/^.*? FROM tasks /s, "").includes(part),
          )?.[1],
        all: () => [...plans.values()].flat(),
      };
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

async function explain(connection: Connection, sql: string): Promise<readonly string[]> {
  const params = Array.from({ length: sql.split("?").length - 1 }, () => "[]");
  const { rows } = await connection.execute(`EXPLAIN QUERY PLAN ${sql}`, params);
  return rows.map(({ detail }) => String(detail));
}

/** The engine with a connection that tells the text of every statement. */
function watched(engine: UnifiedStorageEngine, tell: (sql: string) => void): UnifiedStorageEngine {
  const calls = new Set<string | symbol>(["get", "all", "run", "runMany"]);
  const connection = proxied(engine.connection, (key, own) => {
    if (typeof own !== "function" || !calls.has(key)) return own;
    return (query: Query, ...rest: unknown[]): unknown => {
      tell(query.sql);
      return own.call(engine.connection, query, ...rest);
    };
  });
  return proxied(engine, (key, own) => {
    if (key === "connection") return connection;
    return typeof own === "function" ? own.bind(engine) : own;
  });
}

function proxied<T extends object>(
  target: T,
  replace: (key: string | symbol, own: unknown) => unknown,
): T {
  return new Proxy(target, { get: (object, key) => replace(key, Reflect.get(object, key)) });
}
