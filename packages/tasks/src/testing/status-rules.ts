import assert from "node:assert/strict";
import { ann, one, plan, refused, set, sound, statusesOf, type TaskRule } from "./task-rule.ts";

/** @internal */
export const statusRules: readonly TaskRule[] = [
  {
    name: "a status follows only those it may follow",
    check: async ({ tasks }) => {
      const allowed = {
        pending: ["in_progress", "completed", "failed", "cancelled"],
        in_progress: ["pending", "completed", "failed", "cancelled"],
        completed: ["pending"],
        failed: ["pending", "cancelled"],
        cancelled: ["pending"],
      } as const;
      const statuses = Object.keys(allowed) as (keyof typeof allowed)[];
      for (const from of statuses)
        for (const to of statuses) {
          const path = `${from}-${to}`.replaceAll("_", "");
          await plan(tasks, { path, status: from });
          const work = (): Promise<void> => set(tasks, path, to);
          const allows = from === to || (allowed[from] as readonly string[]).includes(to);
          if (allows) await work();
          else await refused(tasks, "task.transition_refused", work);
          assert.deepEqual(await statusesOf(tasks, path), [allows ? to : from]);
        }
      await sound(tasks);
    },
  },
  {
    name: "the instant of completion comes and goes with the status",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a");
      advance(5_000);
      await set(tasks, "a", "completed");
      const done = await one(tasks, "a");
      await set(tasks, "a", "pending");

      assert.equal(Date.parse(done.completedAt!) - Date.parse(done.createdAt), 5_000);
      assert.equal((await one(tasks, "a")).completedAt, null);
    },
  },
  {
    name: "a task is completed or cancelled only after the tasks below it",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/b", "a/c");
      await set(tasks, "a/b", "completed");
      for (const status of ["completed", "cancelled"] as const)
        await refused(tasks, "task.children_unfinished", () => set(tasks, "a", status));

      const both = ["a/c", "a"].map((task) => ({ task, status: "completed" }) as const);
      await tasks.update(both, ann);

      assert.deepEqual(await statusesOf(tasks, "a", "a/c"), ["completed", "completed"]);
    },
  },
  {
    name: "nothing unfinished comes to lie under a closed task",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/g", { path: "a/h", type: "group" }, "a/h/b", "free", "free/x");
      await set(tasks, "a/h/b", "completed");
      await set(tasks, "a/g", "completed");
      await set(tasks, "a", "completed");

      await refused(tasks, "task.parent_finished", () => plan(tasks, "a/new"));
      await refused(tasks, "task.parent_finished", () => plan(tasks, "a/h/new"));
      await refused(tasks, "task.parent_finished", () => set(tasks, "a/g", "pending"));
      await refused(tasks, "task.parent_finished", () => set(tasks, "a/h/b", "pending"));
      for (const parent of ["a", "a/h"])
        await refused(tasks, "task.parent_finished", () =>
          tasks.update([{ task: "free", parent }], ann),
        );
      await plan(tasks, { path: "a/late", status: "completed" });
      await set(tasks, "a", "pending");
      await set(tasks, "a/h/b", "pending");

      assert.deepEqual(await statusesOf(tasks, "a", "a/h"), ["pending", "pending"]);
      await sound(tasks);
    },
  },
  {
    name: "work that was begun below a task can be given back after that task failed",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/b");
      await set(tasks, "a/b", "in_progress");
      await set(tasks, "a", "failed");
      await set(tasks, "a/b", "pending");

      assert.deepEqual(await statusesOf(tasks, "a/b"), ["pending"]);
    },
  },
  {
    name: "a group follows the tasks below it, up through all groups",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "g", type: "group" },
        { path: "g/h", type: "group" },
        "g/h/a",
        "g/h/b",
      );
      const seen = [];
      for (const [task, status] of [
        ["g/h/a", "in_progress"],
        ["g/h/a", "completed"],
        ["g/h/b", "cancelled"],
        ["g/h/b", "pending"],
        ["g/h/a", "pending"],
        ["g/h/a", "failed"],
      ] as const) {
        await set(tasks, task, status);
        seen.push((await statusesOf(tasks, "g", "g/h")).join(" "));
      }

      assert.deepEqual(seen, [
        "in_progress in_progress",
        "in_progress in_progress",
        "completed completed",
        "in_progress in_progress",
        "pending pending",
        "in_progress in_progress",
      ]);
      await sound(tasks);
    },
  },
  {
    name: "nobody sets the status of a group",
    check: async ({ tasks }) => {
      await plan(tasks, { path: "g", type: "group" });
      await refused(tasks, "task.transition_refused", () => set(tasks, "g", "completed"));
      await refused(tasks, "task.transition_refused", () =>
        plan(tasks, { path: "h", type: "group", status: "in_progress" }),
      );
    },
  },
  {
    name: "a group that was completed stays so when what lies below it goes",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "g", type: "group" },
        { path: "g/a", status: "completed" },
        { path: "h", type: "group" },
        { path: "h/a", status: "in_progress" },
        { path: "after", dependencies: ["g"] },
      );
      await tasks.delete(["g/a", "h/a"], ann);

      assert.deepEqual(await statusesOf(tasks, "g", "h", "after"), [
        "completed",
        "pending",
        "pending",
      ]);
      await plan(tasks, "g/new");
      assert.deepEqual(await statusesOf(tasks, "g", "after"), ["pending", "blocked"]);
      await sound(tasks);
    },
  },
  {
    name: "a task becomes a group and a group a task",
    check: async ({ tasks }) => {
      await plan(tasks, "a", { path: "a/b", status: "in_progress" }, "c");
      const retype = (task: string, type: "group" | "task"): Promise<unknown> =>
        tasks.update([{ task, type }], ann);

      await retype("a", "group");
      assert.deepEqual(await statusesOf(tasks, "a"), ["in_progress"]);
      await retype("a", "task");
      assert.deepEqual(await statusesOf(tasks, "a"), ["pending"]);
      await tasks.claim(["c"], ann);
      await retype("c", "group");
      const group = await one(tasks, "c");
      assert.deepEqual([group.status, group.lease], ["pending", null]);
      await sound(tasks);
    },
  },
  {
    name: "progress counts everything below that is finished",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/b", "a/b/c", "a/b/d", "a/e");
      const progress = async (): Promise<readonly number[]> =>
        (await tasks.get(["a", "a/b", "a/e"])).map((task) => task.progress);

      assert.deepEqual(await progress(), [0, 0, 0]);
      await set(tasks, "a/b/c", "completed");
      assert.deepEqual(await progress(), [25, 50, 0]);
      await set(tasks, "a/b/d", "cancelled");
      await set(tasks, "a/e", "completed");
      assert.deepEqual(await progress(), [75, 100, 100]);
      await set(tasks, "a/b/c", "pending");
      assert.deepEqual(await progress(), [50, 50, 100]);
    },
  },
];
