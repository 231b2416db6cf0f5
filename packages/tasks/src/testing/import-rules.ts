import assert from "node:assert/strict";
import type { ImportedTask, ImportOptions, ImportResult } from "../index.ts";
import {
  ann,
  one,
  pathsOf,
  plan,
  refused,
  sound,
  statusesOf,
  type TaskRule,
  type TaskRuleFixture,
} from "./task-rule.ts";

/** @internal */
export const importRules: readonly TaskRule[] = [
  {
    name: "records arrive with their tree, dependencies, statuses and instants",
    check: async ({ tasks }) => {
      const result = await take(tasks, [
        record("3", { externalParent: "1", externalDependencies: ["2"], status: "pending" }),
        record("1", { type: "group", status: "completed", completedAt: "2020-01-01T00:00:00Z" }),
        record("2", {
          status: "completed",
          createdAt: "2020-01-02T03:04:05Z",
          updatedAt: "2020-01-03T00:00:00+02:00",
          completedAt: "2020-01-04T00:00:00.5Z",
        }),
        record("4", { status: "in_progress", externalDependencies: ["3"], priority: "low" }),
      ]);

      assert.deepEqual(result, { imported: 4, unchanged: 0, rejected: [], warnings: [] });
      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "in",
        "in/record-1",
        "in/record-1/record-3",
        "in/record-2",
        "in/record-4",
      ]);
      const done = await one(tasks, "in/record-2");
      assert.deepEqual(
        [done.status, done.createdAt, done.updatedAt, done.completedAt],
        [
          "completed",
          "2020-01-02T03:04:05.000Z",
          "2020-01-02T22:00:00.000Z",
          "2020-01-04T00:00:00.500Z",
        ],
      );
      assert.deepEqual(
        await statusesOf(tasks, "in/record-1/record-3", "in/record-4", "in/record-1", "in"),
        ["pending", "in_progress", "pending", "in_progress"],
      );
      await sound(tasks);
    },
  },
  {
    name: "the same records again change nothing",
    check: async ({ tasks, advance }) => {
      const records = [
        record("1", { notes: [{ kind: "progress", text: "n" }], tags: ["x"] }),
        record("2", { externalParent: "1", externalDependencies: ["3", "missing"] }),
        record("3", { status: "completed" }),
      ];
      await take(tasks, records);
      const before = await tasks.get(["in", "in/record-1", "in/record-1/record-2"]);
      advance(60_000);

      const again = await take(tasks, records);
      assert.deepEqual(again, { imported: 0, unchanged: 3, rejected: [], warnings: [] });
      assert.deepEqual(await tasks.get(["in", "in/record-1", "in/record-1/record-2"]), before);
    },
  },
  {
    name: "a record that has changed changes its task and no other",
    check: async ({ tasks }) => {
      await take(tasks, [record("1"), record("2"), record("3", { externalDependencies: ["1"] })]);
      await plan(tasks, "own");
      await tasks.update([{ task: "in/record-3", addDependencies: ["own"] }], ann);
      const result = await take(tasks, [
        record("1"),
        record("2"),
        record("3", {
          name: "New name",
          status: "cancelled",
          tags: ["new"],
          externalParent: "1",
          externalDependencies: ["2"],
        }),
      ]);

      assert.deepEqual([result.imported, result.unchanged], [1, 2]);
      const task = await one(tasks, "in/record-1/record-3");
      const [two, own] = await tasks.get(["in/record-2", "own"]);
      assert.deepEqual([task.name, task.status, task.tags], ["New name", "cancelled", ["new"]]);
      assert.deepEqual(task.dependencies, [two?.id, own?.id]);
      await sound(tasks);
    },
  },
  {
    name: "what was deleted here stays deleted, and its links with it",
    check: async ({ tasks }) => {
      await take(tasks, [record("1"), record("2")]);
      await tasks.delete(["in/record-1"], ann);
      const result = await take(tasks, [
        record("1", { name: "changed" }),
        record("2"),
        record("3", { externalParent: "1", externalDependencies: ["1"] }),
      ]);

      assert.deepEqual([result.imported, result.unchanged], [1, 2]);
      assert.deepEqual(
        result.warnings.map(({ index }) => index),
        [2, 2],
      );
      assert.deepEqual(pathsOf((await tasks.list({})).tasks), ["in", "in/record-2", "in/record-3"]);
    },
  },
  {
    name: "a link to a record that arrives later is made when it arrives",
    check: async ({ tasks }) => {
      const early = record("1", { externalParent: "2", externalDependencies: ["3"] });
      const first = await take(tasks, [early]);
      const second = await take(tasks, [early, record("2"), record("3")]);
      const third = await take(tasks, [early, record("2"), record("3")]);

      assert.equal(first.warnings.length, 2);
      assert.deepEqual([second.imported, second.unchanged], [3, 0]);
      assert.deepEqual([third.imported, third.unchanged], [0, 3]);
      const task = await one(tasks, "in/record-2/record-1");
      assert.deepEqual(task.dependencies, [(await one(tasks, "in/record-3")).id]);
      assert.deepEqual(await statusesOf(tasks, task.id), ["blocked"]);
      await sound(tasks);
    },
  },
  {
    name: "bad records are named with their reason and the others taken in",
    check: async ({ tasks }) => {
      const result = await take(tasks, [
        record("1"),
        { name: "no id" } as ImportedTask,
        record("2", { name: "" }),
        record("1", { name: "twice" }),
        record("3", { createdAt: "yesterday" }),
      ]);

      assert.equal(result.imported, 1);
      assert.deepEqual(
        result.rejected.map(({ index, reason }) => [index, reason.slice(0, 20)]),
        [
          [1, "externalId: Invalid "],
          [2, "name: Too small: exp"],
          [3, 'The id "1" appears t'],
          [4, "createdAt: Invalid I"],
        ],
      );
    },
  },
  {
    name: "corrupt links are named and left out, the records kept",
    check: async ({ tasks }) => {
      const result = await take(tasks, [
        record("1", { externalDependencies: ["2"] }),
        record("2", { externalDependencies: ["1"] }),
        record("3", { externalDependencies: ["3", "nothing"] }),
        record("4", { externalParent: "5" }),
        record("5", { externalParent: "4" }),
        record("6", { externalParent: "nothing" }),
        record("7", { externalParent: "7" }),
      ]);

      assert.deepEqual([result.imported, result.rejected], [7, []]);
      assert.deepEqual(result.warnings.map(({ index }) => index).toSorted(), [1, 2, 2, 3, 5, 6]);
      assert.deepEqual(pathsOf((await tasks.list({ parent: "in" })).tasks), [
        "in/record-1",
        "in/record-2",
        "in/record-3",
        "in/record-4",
        "in/record-6",
        "in/record-7",
      ]);
      await sound(tasks);
    },
  },
  {
    name: "asked to, an import takes all or nothing",
    check: async ({ tasks }) => {
      const options = { onInvalid: "reject-all" } as const;
      for (const bad of [record("2", { name: "" }), record("1", { name: "twice" })])
        await refused(tasks, "task.import_rejected", () =>
          take(tasks, [record("1"), bad], options),
        );
      const good = await take(tasks, [record("1"), record("2")], options);
      assert.equal(good.imported, 2);
    },
  },
  {
    name: "sources do not know each other's records",
    check: async ({ tasks }) => {
      await take(tasks, [record("1")]);
      const other = await take(tasks, [record("1")], { source: "other" });
      assert.equal(other.imported, 1);
      assert.deepEqual(pathsOf((await tasks.list({ parent: "in" })).tasks), [
        "in/record-1",
        "in/record-1-2",
      ]);
    },
  },
  {
    name: "the group that receives the records is made with all that is above it, once",
    check: async ({ tasks }) => {
      await take(tasks, [record("1")], { into: "a/b/c" });
      await take(tasks, [record("1")], { into: "a/b/c" });
      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "a",
        "a/b",
        "a/b/c",
        "a/b/c/record-1",
      ]);
      await refused(tasks, "task.path_invalid", () => take(tasks, [], { into: "A" }));
    },
  },
  {
    name: "progress is told and ends with everything done",
    check: async ({ tasks }) => {
      const told: (readonly [number, number])[] = [];
      const onProgress = (done: number, total: number): void => void told.push([done, total]);
      await take(tasks, [record("2", { externalParent: "1" }), record("1")], { onProgress });
      assert.deepEqual(told.at(-1), [2, 2]);
      assert.ok(told.every(([done], at) => at === 0 || done >= told[at - 1]![0]));
    },
  },
];

function record(externalId: string, more: Partial<ImportedTask> = {}): ImportedTask {
  return { name: `Record ${externalId}`, externalId, ...more };
}

function take(
  tasks: TaskRuleFixture["tasks"],
  records: readonly ImportedTask[],
  options: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  return tasks.import(records, ann, { source: "test", into: "in", ...options });
}
