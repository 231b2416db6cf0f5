import assert from "node:assert/strict";
import {
  ann,
  one,
  pathsOf,
  plan,
  refused,
  set,
  sound,
  statusesOf,
  type TaskRule,
  type TaskRuleFixture,
} from "./task-rule.ts";

/** @internal */
export const dependencyRules: readonly TaskRule[] = [
  {
    name: "a task is blocked for as long as one dependency is unfinished",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", { path: "c", dependencies: ["a", "b"] });
      const look = async (): Promise<string> => {
        const { status, unfinishedDependencies } = await one(tasks, "c");
        return `${status} ${unfinishedDependencies}`;
      };

      const seen = [await look()];
      for (const [task, status] of [
        ["a", "completed"],
        ["b", "failed"],
        ["b", "cancelled"],
        ["a", "pending"],
      ] as const) {
        await set(tasks, task, status);
        seen.push(await look());
      }

      assert.deepEqual(seen, ["blocked 2", "blocked 1", "blocked 1", "pending 0", "blocked 1"]);
      await sound(tasks);
    },
  },
  {
    name: "what a task waits for blocks everything below it",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        "first",
        "second",
        { path: "g", type: "group", dependencies: ["first"] },
        { path: "g/a", dependencies: ["second"] },
        "g/a/b",
      );

      assert.deepEqual(await statusesOf(tasks, "g", "g/a", "g/a/b"), [
        "blocked",
        "blocked",
        "blocked",
      ]);
      await set(tasks, "second", "completed");
      assert.deepEqual(await statusesOf(tasks, "g/a", "g/a/b"), ["blocked", "blocked"]);
      await set(tasks, "first", "completed");
      assert.deepEqual(await statusesOf(tasks, "g", "g/a", "g/a/b"), [
        "pending",
        "pending",
        "pending",
      ]);
      await sound(tasks);
    },
  },
  {
    name: "a blocked task is neither begun nor completed, but may fail or be cancelled",
    check: async ({ tasks }) => {
      await plan(tasks, "a", { path: "b", dependencies: ["a"] });
      for (const status of ["in_progress", "completed"] as const)
        await refused(tasks, "task.blocked", () => set(tasks, "b", status));
      await refused(tasks, "task.blocked", () =>
        plan(tasks, { path: "c", dependencies: ["a"], status: "completed" }),
      );
      await refused(tasks, "task.blocked", () => tasks.claim(["b"], ann));
      await set(tasks, "b", "failed", "cancelled");
    },
  },
  {
    name: "a group is waited for until all that lies below it is finished",
    check: async ({ tasks }) => {
      await plan(tasks, { path: "g", type: "group" }, "g/a", "g/b", {
        path: "after",
        dependencies: ["g"],
      });
      await set(tasks, "g/a", "completed");
      assert.deepEqual(await statusesOf(tasks, "after"), ["blocked"]);
      await set(tasks, "g/b", "completed");
      assert.deepEqual(await statusesOf(tasks, "g", "after"), ["completed", "pending"]);
      await sound(tasks);
    },
  },
  {
    name: "dependencies are added and removed, and named twice count once",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", { path: "c", dependencies: ["a", "a"] });
      const before = await one(tasks, "c");
      const change = { addDependencies: ["b", "b", "a"], removeDependencies: ["a"] };
      await tasks.update([{ task: "c", ...change }], ann);
      const both = await one(tasks, "c");
      await tasks.update([{ task: "c", removeDependencies: ["a", "b"] }], ann);

      assert.equal(before.unfinishedDependencies, 1);
      const [a, b] = await tasks.get(["a", "b"]);
      assert.deepEqual(both.dependencies, [a?.id, b?.id]);
      assert.deepEqual(await statusesOf(tasks, "c"), ["pending"]);
      await sound(tasks);
    },
  },
  {
    name: "a dependency that does not exist is refused",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      const update = { task: "a", addDependencies: ["nothing"] };
      await refused(tasks, "task.dependency_not_found", () => tasks.update([update], ann));
      await refused(tasks, "task.dependency_not_found", () =>
        plan(tasks, { path: "b", dependencies: ["nothing"] }),
      );
    },
  },
  {
    name: "a task does not depend on itself",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      const update = { task: "a", addDependencies: ["a"] };
      await refused(tasks, "task.self_dependency", () => tasks.update([update], ann));
      await refused(tasks, "task.self_dependency", () =>
        plan(tasks, { path: "b", dependencies: ["b"] }),
      );
    },
  },
  {
    name: "a cycle of any length is refused, in one call and over several",
    check: async ({ tasks }) => {
      await refused(tasks, "task.cycle", () =>
        plan(
          tasks,
          { path: "a", dependencies: ["c"] },
          { path: "b", dependencies: ["a"] },
          { path: "c", dependencies: ["b"] },
        ),
      );
      await chain(tasks, "a", "b", "c");
      for (const [task, dependency] of [
        ["a", "b"],
        ["a", "c"],
      ] as const)
        await refused(tasks, "task.cycle", () => depend(tasks, task, dependency));
    },
  },
  {
    name: "a task does not wait for what lies above or below it",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/b", "a/b/c");
      await refused(tasks, "task.cycle", () => depend(tasks, "a", "a/b/c"));
      await refused(tasks, "task.cycle", () => depend(tasks, "a/b/c", "a"));
      await refused(tasks, "task.cycle", () =>
        plan(tasks, { path: "x", dependencies: ["x/y"] }, "x/y"),
      );
      await refused(tasks, "task.cycle", () => plan(tasks, { path: "a/new", dependencies: ["a"] }));
    },
  },
  {
    name: "branches do not wait for each other, however the ways lead",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/x", "a/y", "b", "b/x", "b/y", "c");
      await depend(tasks, "a/x", "b");
      for (const [task, dependency] of [
        ["b/y", "a"],
        ["b", "a/x"],
        ["b/x", "a/x"],
      ] as const)
        await refused(tasks, "task.cycle", () => depend(tasks, task, dependency));
      // One child after the other is no cycle, because the other sibling of each is free.
      await depend(tasks, "b/x", "a/y");
      await sound(tasks);
    },
  },
  {
    name: "new tasks under two parents close no cycle through what is stored",
    check: async ({ tasks }) => {
      await plan(tasks, "x", { path: "p", dependencies: ["x"] });
      await refused(tasks, "task.cycle", () =>
        plan(tasks, "p/new", { path: "x/new", dependencies: ["p/new"] }),
      );
      await refused(tasks, "task.cycle", () => plan(tasks, { path: "x/new", dependencies: ["p"] }));
    },
  },
  {
    name: "a move closes no cycle",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        "a",
        { path: "b", dependencies: ["a"] },
        { path: "c", dependencies: ["b"] },
      );
      for (const [task, parent] of [
        ["a", "b"],
        ["c", "b"],
        ["a", "c"],
        ["c", "a"],
      ] as const)
        await refused(tasks, "task.cycle", () => tasks.update([{ task, parent }], ann));
      await plan(tasks, "free", { path: "late", dependencies: ["c"] });
      await tasks.update([{ task: "free", parent: "late" }], ann);
      assert.deepEqual(await statusesOf(tasks, "late/free"), ["blocked"]);
      await tasks.update([{ task: "late/free", parent: "a" }], ann);
      assert.deepEqual(await statusesOf(tasks, "a/free"), ["pending"]);
      await sound(tasks);
    },
  },
  {
    name: "ready is what waits for nothing, most urgent first",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "g", type: "group" },
        { path: "g/low", priority: "low" },
        { path: "parent", priority: "critical" },
        "parent/child",
        { path: "waits", priority: "critical", dependencies: ["g/low"] },
        { path: "urgent", priority: "critical" },
        { path: "done", priority: "critical", status: "completed" },
        "second",
      );
      const ready = async (): Promise<readonly string[]> =>
        pathsOf(await tasks.next({ count: 50 }));

      assert.deepEqual(await ready(), ["urgent", "parent/child", "second", "g/low"]);
      assert.equal((await tasks.statistics()).ready, 4);
      await set(tasks, "parent/child", "completed");
      await set(tasks, "g/low", "completed");
      assert.deepEqual(await ready(), ["parent", "waits", "urgent", "second"]);
      assert.deepEqual(pathsOf(await tasks.next()), ["parent"]);
    },
  },
];

type Tasks = TaskRuleFixture["tasks"];

async function chain(tasks: Tasks, ...paths: readonly string[]): Promise<void> {
  await plan(tasks, ...paths);
  for (const [at, path] of paths.entries()) if (at > 0) await depend(tasks, path, paths[at - 1]!);
}

async function depend(tasks: Tasks, task: string, dependency: string): Promise<void> {
  await tasks.update([{ task, addDependencies: [dependency] }], ann);
}
