import assert from "node:assert/strict";
import type { Task, TaskFilter, TaskManager, TaskPageOptions } from "../index.ts";
import { ann, bob, pathsOf, plan, refused, set, type TaskRule } from "./task-rule.ts";

/** @internal */
export const listRules: readonly TaskRule[] = [
  {
    name: "a list reads as the tree does: each task right before what lies below it",
    check: async ({ tasks }) => {
      await plan(tasks, "a-b", "a", "a.b", "a/c", "a/c-1", "a/c/d", "b", "a-b/z", "ä");

      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "a",
        "a/c",
        "a/c/d",
        "a/c-1",
        "a-b",
        "a-b/z",
        "a.b",
        "b",
        "ä",
      ]);
      assert.deepEqual(pathsOf((await tasks.list({ under: "a" })).tasks), [
        "a/c",
        "a/c/d",
        "a/c-1",
      ]);
      assert.deepEqual(pathsOf((await tasks.list({ parent: "a" })).tasks), ["a/c", "a/c-1"]);
      assert.deepEqual(pathsOf((await tasks.list({ parent: null })).tasks), [
        "a",
        "a-b",
        "a.b",
        "b",
        "ä",
      ]);
    },
  },
  {
    name: "conditions add up",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "a", tags: ["x", "y"], priority: "high", assignee: "bob" },
        { path: "b", tags: ["x"], priority: "high", type: "milestone" },
        { path: "c", tags: ["x", "y"], priority: "low", dependencies: ["a"] },
        { path: "d", status: "failed", description: "broken pipes", reasoning: "they leak" },
      );
      const found = async (filter: TaskFilter): Promise<string> => {
        const { tasks: list, total } = await tasks.list(filter);
        assert.equal(total, list.length);
        return pathsOf(list).join();
      };

      assert.equal(await found({ tags: ["x", "y"] }), "a,c");
      assert.equal(await found({ tags: ["y"], priority: ["high", "critical"] }), "a");
      assert.equal(await found({ type: ["milestone", "group"] }), "b");
      assert.equal(await found({ assignee: "bob" }), "a");
      assert.equal(await found({ status: ["blocked"] }), "c");
      assert.equal(await found({ status: ["pending", "failed"] }), "a,b,d");
      assert.equal(await found({ status: [] }), "");
      assert.equal(await found({ query: "PIPE*" }), "d");
      assert.equal(await found({ query: "pipes leak", status: ["failed"] }), "d");
      assert.equal(await found({ query: '"*:( unknown' }), "");
    },
  },
  {
    name: "pages join without gap or repetition in every order, whatever is written meanwhile",
    check: async ({ tasks, advance }) => {
      const priorities = ["low", "critical", "medium"] as const;
      for (let at = 0; at < 45; at += 1) {
        advance(at % 4 === 0 ? 1 : 0);
        await plan(tasks, { path: `t${at}`, priority: priorities[at % 3]! });
      }
      for (const order of ["path", "priority", "updated"] as const) {
        const whole = (await tasks.list({}, { order, limit: 500 })).tasks;
        const joined = await allPages(tasks, {}, { order, limit: 7 });
        assert.deepEqual(pathsOf(joined), pathsOf(whole), order);
      }
      const first = await tasks.list({}, { limit: 10 });
      const removed = first.tasks[9]!.path;
      await tasks.delete([removed], ann);
      const second = await tasks.list({}, { limit: 10, cursor: first.nextCursor! });
      assert.equal(new Set(pathsOf([...first.tasks, ...second.tasks])).size, 20);
      assert.equal(second.total, 44);
    },
  },
  {
    name: "the orders are what they say",
    check: async ({ tasks, advance }) => {
      await plan(tasks, { path: "a", priority: "low" }, "b", { path: "c", priority: "critical" });
      advance(1);
      await set(tasks, "b", "in_progress");

      const inOrder = async (order: "priority" | "updated"): Promise<string> =>
        pathsOf((await tasks.list({}, { order })).tasks).join();
      assert.equal(await inOrder("priority"), "c,b,a");
      assert.equal(await inOrder("updated"), "b,c,a");
    },
  },
  {
    name: "a cursor works only with the list it came from",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", "c");
      const { nextCursor: cursor = "" } = await tasks.list({}, { limit: 1 });
      const list = (filter: TaskFilter, page: TaskPageOptions) => () => tasks.list(filter, page);

      await refused(tasks, "task.cursor_invalid", list({ type: ["task"] }, { cursor }));
      await refused(tasks, "task.cursor_invalid", list({}, { cursor, order: "priority" }));
      for (const damaged of [
        "",
        "x",
        `${cursor}A`,
        cursor.slice(4),
        Buffer.from("[1]").toString("base64url"),
      ])
        await refused(tasks, "task.cursor_invalid", list({}, { cursor: damaged }));
      assert.equal((await tasks.list({}, { cursor, limit: 2 })).nextCursor, undefined);
    },
  },
  {
    name: "a page ends before the first task that does not fit, though never before its first",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", "c", "d");
      const asked: string[] = [];
      const fits = ({ path }: Task): boolean => asked.push(path) > 0 && path < "c";
      const page = await tasks.list({}, { fits });
      const rest = await tasks.list({}, { cursor: page.nextCursor!, fits: () => false });

      assert.deepEqual(pathsOf(page.tasks), ["a", "b"]);
      assert.deepEqual(asked, ["a", "b", "c"]);
      assert.deepEqual(pathsOf(rest.tasks), ["c"]);
      assert.equal((await allPages(tasks, {}, { fits: () => false })).length, 4);
    },
  },
  {
    name: "unknown conditions and options are refused",
    check: async ({ tasks }) => {
      const filter = { stauts: ["pending"] } as TaskFilter;
      await refused(tasks, "validation.failed", () => tasks.list(filter));
      await refused(tasks, "validation.failed", () =>
        tasks.list({ status: ["done" as "completed"] }),
      );
      const page = { pageSize: 3 } as TaskPageOptions;
      await refused(tasks, "configuration.unknown_option", () => tasks.list({}, page));
      await refused(tasks, "configuration.invalid_option", () =>
        tasks.list({}, { order: "name" as "path" }),
      );
      await refused(tasks, "task.not_found", () => tasks.list({ under: "nothing" }));
    },
  },
  {
    name: "the export is every task with everything, parents first",
    check: async ({ tasks }) => {
      await plan(tasks, { path: "a", notes: [{ kind: "progress", text: "n" }] }, "a/b", "a-1");
      const exported: Task[] = [];
      for await (const task of tasks.export()) exported.push(task);

      assert.deepEqual(exported, await tasks.get(["a", "a/b", "a-1"]));
    },
  },
  {
    name: "the statistics count every task once",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        "a",
        { path: "b", dependencies: ["a"] },
        { path: "c", status: "failed" },
        "d",
      );
      await tasks.claim(["d"], bob);

      assert.deepEqual(await tasks.statistics(), {
        total: 4,
        byStatus: {
          pending: 1,
          blocked: 1,
          in_progress: 1,
          completed: 0,
          failed: 1,
          cancelled: 0,
        },
        ready: 1,
        claimed: 1,
      });
    },
  },
];

async function allPages(
  tasks: TaskManager,
  filter: TaskFilter,
  page: TaskPageOptions,
): Promise<readonly Task[]> {
  const all: Task[] = [];
  let cursor: string | undefined;
  do {
    const { tasks: list, nextCursor } = await tasks.list(filter, {
      ...page,
      ...(cursor === undefined ? {} : { cursor }),
    });
    assert.ok(list.length > 0 || nextCursor === undefined);
    all.push(...list);
    cursor = nextCursor;
  } while (cursor !== undefined);
  return all;
}
