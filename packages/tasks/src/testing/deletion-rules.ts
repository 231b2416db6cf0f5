import assert from "node:assert/strict";
import {
  ann,
  bob,
  one,
  pathsOf,
  plan,
  refused,
  sound,
  statusesOf,
  type TaskRule,
} from "./task-rule.ts";

/** @internal */
export const deletionRules: readonly TaskRule[] = [
  {
    name: "a task with others below it is not deleted by itself",
    check: async ({ tasks }) => {
      const [, b] = await plan(tasks, "a", "a/b");
      await refused(tasks, "task.has_children", () => tasks.delete(["a"], ann));
      assert.deepEqual((await tasks.delete(["a/b"], ann)).deleted, [b?.id]);
      await sound(tasks);
    },
  },
  {
    name: "a parent may be named together with all its children",
    check: async ({ tasks }) => {
      const [a, b, c] = await plan(tasks, "a", "a/b", "a/b/c");
      const { deleted } = await tasks.delete(["a", "a/b", "a/b/c"], ann);
      assert.deepEqual(deleted, [a?.id, b?.id, c?.id]);
    },
  },
  {
    name: "cascade deletes everything below, and names it after what was asked for",
    check: async ({ tasks }) => {
      const [a, b, c] = await plan(tasks, "a", "a/b", "a/b/c", "a-2");
      const { deleted } = await tasks.delete(["a"], ann, "cascade");

      assert.equal(deleted[0], a?.id);
      assert.deepEqual(deleted.toSorted(), [a?.id, b?.id, c?.id].toSorted());
      assert.deepEqual(pathsOf((await tasks.list({})).tasks), ["a-2"]);
      await sound(tasks);
    },
  },
  {
    name: "orphan moves the tasks below up, with a number where the place is taken",
    check: async ({ tasks }) => {
      await plan(tasks, "g", "g/a", "g/a/a", "g/a/b", "g/a/b/c", "g/b");
      const b = await one(tasks, "g/a/b");
      await tasks.delete(["g/a"], ann, "orphan");

      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "g",
        "g/a-2",
        "g/b",
        "g/b-2",
        "g/b-2/c",
      ]);
      assert.equal((await one(tasks, "g/b-2")).id, b.id);
      await sound(tasks);
    },
  },
  {
    name: "what depended on a deleted task no longer does",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        "a",
        "a/b",
        { path: "c", dependencies: ["a/b", "a"] },
        {
          path: "done",
          status: "completed",
        },
      );
      await tasks.update([{ task: "c", addDependencies: ["done"] }], ann);
      await tasks.delete(["a", "done"], ann, "cascade");

      const { status, dependencies } = await one(tasks, "c");
      assert.deepEqual([status, dependencies], ["pending", []]);
      await sound(tasks);
    },
  },
  {
    name: "a group settles when one of its tasks is deleted",
    check: async ({ tasks }) => {
      await plan(tasks, { path: "g", type: "group" }, { path: "g/a", status: "completed" }, "g/b", {
        path: "after",
        dependencies: ["g"],
      });
      await tasks.delete(["g/b"], ann);
      assert.deepEqual(await statusesOf(tasks, "g", "after"), ["completed", "pending"]);
      await sound(tasks);
    },
  },
  {
    name: "a branch in which somebody else works is not deleted",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a", "a/b", "a/c");
      await tasks.claim(["a/b"], bob);
      await refused(tasks, "task.leased", () => tasks.delete(["a/c", "a"], ann, "cascade"));
      await tasks.delete(["a/b"], bob);
      await tasks.claim(["a/c"], bob);
      advance(900_000);
      await tasks.delete(["a"], ann, "cascade");
      assert.equal((await tasks.statistics()).total, 0);
    },
  },
  {
    name: "a misspelt fate of the tasks below deletes nothing",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "a/b");
      await refused(tasks, "configuration.invalid_option", () =>
        tasks.delete(["a"], ann, "orphans" as "orphan"),
      );
      await refused(tasks, "task.not_found", () => tasks.delete(["a/b", "nothing"], ann));
    },
  },
  {
    name: "the place of a deleted task is free again, its id is not",
    check: async ({ tasks }) => {
      const [before] = await plan(tasks, "a");
      await tasks.delete(["a"], ann);
      const [after] = await plan(tasks, "a");
      assert.notEqual(after?.id, before?.id);
      await refused(tasks, "task.not_found", () => tasks.get([before!.id]));
    },
  },
];
