import assert from "node:assert/strict";
import type { TaskChange } from "../index.ts";
import { ann, bob, eve, plan, refused, type TaskRule, type TaskRuleFixture } from "./task-rule.ts";

/** @internal */
export const historyRules: readonly TaskRule[] = [
  {
    name: "the history tells who changed what, newest first",
    check: async ({ tasks, advance }) => {
      const [a] = await plan(tasks, "a");
      advance(1_000);
      await tasks.update([{ task: "a", priority: "high", tags: ["x"] }], bob);
      const [claimed] = await tasks.claimNext({}, eve);
      const lease = claimed!.lease!.token;
      await tasks.update([{ task: "a", status: "completed", lease }], eve);
      await tasks.delete(["a"], ann);

      const changes = await all(tasks, a!.id);
      assert.deepEqual(
        changes.map(({ kind, actor, version }) => [kind, actor, version]),
        [
          ["deleted", "ann", 4],
          ["updated", "eve", 4],
          ["updated", "eve", 3],
          ["updated", "bob", 2],
          ["created", "ann", 1],
        ],
      );
      const [deleted, done, taken, changed, created] = changes;
      assert.deepEqual(changed?.fields, {
        priority: { before: "medium", after: "high" },
        tags: { before: [], after: ["x"] },
      });
      assert.deepEqual(taken?.fields["holder"], { before: null, after: "eve" });
      assert.deepEqual(done?.fields["status"], { before: "in_progress", after: "completed" });
      assert.deepEqual(created?.fields["name"], { after: "a" });
      assert.deepEqual(deleted?.fields["priority"], { before: "high" });
      assert.equal(Date.parse(changed!.at) - Date.parse(created!.at), 1_000);
      assert.ok(
        changes.every(({ sequence }, at) => at === 0 || sequence < changes[at - 1]!.sequence),
      );
    },
  },
  {
    name: "changes that follow from others are in the history too, with their actor",
    check: async ({ tasks }) => {
      await plan(
        tasks,
        { path: "g", type: "group" },
        "g/a",
        { path: "b", dependencies: ["g/a"] },
        "c",
      );
      await tasks.update([{ task: "g/a", status: "in_progress" }], bob);
      await tasks.update([{ task: "g", parent: "c" }], eve);
      await tasks.delete(["c"], bob, "cascade");

      const group = (await all(tasks, "b")).map(({ actor, fields }) => [
        actor,
        Object.keys(fields),
      ]);
      assert.deepEqual(group[0], ["bob", ["dependencies"]]);
    },
  },
  {
    name: "the history follows a task through moves and groups through their status",
    check: async ({ tasks }) => {
      await plan(tasks, { path: "g", type: "group" }, "g/a", "c");
      await tasks.update([{ task: "g/a", status: "in_progress" }], bob);
      await tasks.update([{ task: "g", parent: "c" }], eve);

      const [moved] = await all(tasks, "c/g/a");
      assert.deepEqual(moved?.fields, { path: { before: "g/a", after: "c/g/a" } });
      assert.deepEqual([moved?.actor, moved?.version], ["eve", 3]);
      const [, settled] = await all(tasks, "c/g");
      assert.deepEqual(settled?.fields, { status: { before: "pending", after: "in_progress" } });
      assert.equal(settled?.actor, "bob");
    },
  },
  {
    name: "a lease that ran out is written down under a name that is nobody's",
    check: async ({ tasks, advance }) => {
      await plan(tasks, "a");
      await tasks.claimNext({ leaseMs: 1_000 }, bob);
      advance(1_000);
      await tasks.claimNext({}, eve);

      const [again, returned] = await all(tasks, "a");
      assert.equal(again?.actor, "eve");
      assert.notEqual(returned?.actor, "bob");
      assert.notEqual(returned?.actor, "eve");
      assert.deepEqual(returned?.fields["holder"], { before: "bob", after: null });
    },
  },
  {
    name: "a refused change leaves no trace",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b");
      await refused(tasks, "task.not_found", () =>
        tasks.update([{ task: "a", name: "x" }, { task: "nothing" }], ann),
      );
      const mixed = [{ task: "a", status: "completed", addDependencies: ["a"] }] as const;
      await tasks.update(mixed, ann, "item-by-item");
      assert.equal((await all(tasks, "a")).length, 1);
    },
  },
  {
    name: "a history comes in pages",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b");
      for (let at = 0; at < 6; at += 1)
        await tasks.update([{ task: "a", description: `${at}` }], ann);
      const first = await tasks.history("a", { limit: 4 });
      const second = await tasks.history("a", { limit: 4, cursor: first.nextCursor! });

      assert.deepEqual(
        [...first.changes, ...second.changes].map(({ version }) => version),
        [7, 6, 5, 4, 3, 2, 1],
      );
      assert.equal(second.nextCursor, undefined);
      const stranger = { cursor: first.nextCursor! };
      await refused(tasks, "task.cursor_invalid", () => tasks.history("b", stranger));
      await refused(tasks, "task.cursor_invalid", () => tasks.history("a", { cursor: "x" }));
    },
  },
  {
    name: "what never was has no history",
    check: async ({ tasks }) => {
      await refused(tasks, "task.not_found", () => tasks.history("nothing"));
      await refused(tasks, "task.not_found", () => tasks.history("t-0000000000"));
    },
  },
];

async function all(tasks: TaskRuleFixture["tasks"], task: string): Promise<readonly TaskChange[]> {
  return (await tasks.history(task, { limit: 500 })).changes;
}
