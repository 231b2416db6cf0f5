import assert from "node:assert/strict";
import { taskLimits } from "../index.ts";
import { ann, bob, one, pathsOf, plan, refused, sound, type TaskRule } from "./task-rule.ts";

/** @internal */
export const updateRules: readonly TaskRule[] = [
  {
    name: "what an update leaves out stays",
    check: async ({ tasks, advance }) => {
      await plan(tasks, { path: "a", tags: ["x"], assignee: "bob", metadata: { one: 1, two: 2 } });
      const before = await one(tasks, "a");
      advance(1_000);
      const metadata = { two: null, three: 3 };
      await tasks.update([{ task: "a", description: "new", metadata }], ann);

      const after = await one(tasks, "a");
      assert.deepEqual(
        { ...before, description: "new", metadata: { one: 1, three: 3 } },
        { ...after, version: 1, updatedAt: before.updatedAt },
      );
      assert.equal(after.version, 2);
      assert.equal(Date.parse(after.updatedAt) - Date.parse(before.updatedAt), 1_000);
    },
  },
  {
    name: "an update that says what is so already changes nothing",
    check: async ({ tasks, advance }) => {
      await plan(tasks, { path: "a", tags: ["x"], status: "completed" });
      const before = await one(tasks, "a");
      advance(1_000);
      await tasks.update([{ task: "a", status: "completed", tags: ["x"], parent: null }], ann);
      await tasks.update([{ task: "a" }], ann);

      assert.deepEqual(await one(tasks, "a"), before);
      assert.equal((await tasks.history("a")).changes.length, 1);
    },
  },
  {
    name: "a stale version refuses the update and names the current one",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      await tasks.update([{ task: "a", ifVersion: 1, name: "first" }], ann);
      await refused(tasks, "task.version_conflict", () =>
        tasks.update([{ task: "a", ifVersion: 1, name: "second" }], bob),
      );
      await tasks.update([{ task: "a", ifVersion: 2, name: "second" }], bob);
      assert.equal((await one(tasks, "a")).name, "second");
    },
  },
  {
    name: "one failing update undoes the others of its call",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b");
      await refused(tasks, "task.not_found", () =>
        tasks.update([{ task: "a", name: "changed" }, { task: "nothing" }], ann),
      );
      const result = await tasks.update(
        [
          { task: "a", name: "changed" },
          { task: "nothing", name: "x" },
          { task: "b", status: "completed", addDependencies: ["b"] },
          { task: "b", name: "changed too" },
        ],
        ann,
        "item-by-item",
      );

      assert.deepEqual(pathsOf(result.tasks), ["a", "b"]);
      assert.deepEqual(
        result.failures.map(({ index, code }) => [index, code]),
        [
          [1, "task.not_found"],
          [2, "task.self_dependency"],
        ],
      );
      assert.deepEqual([(await one(tasks, "b")).status], ["pending"]);
    },
  },
  {
    name: "notes are added with who wrote them and when",
    check: async ({ tasks, advance }) => {
      await plan(tasks, { path: "a", notes: [{ kind: "planning", text: "one" }] });
      advance(1_000);
      const addNotes = [
        { kind: "progress", text: "two" },
        { kind: "troubleshooting", text: "three" },
      ] as const;
      await tasks.update([{ task: "a", addNotes }], bob);

      const { notes, createdAt, version } = await one(tasks, "a");
      assert.deepEqual(
        notes.map(({ text, actor, at }) => [text, actor, Date.parse(at) - Date.parse(createdAt)]),
        [
          ["one", "ann", 0],
          ["two", "bob", 1_000],
          ["three", "bob", 1_000],
        ],
      );
      assert.equal(version, 2);
    },
  },
  {
    name: "a task moves with everything below it and keeps its id",
    check: async ({ tasks }) => {
      const [, , b, c] = await plan(tasks, "x", "a", "a/b", "a/b/c", "a/b-2", "a.b");
      await tasks.update([{ task: "a/b", parent: "x" }], ann);

      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "a",
        "a/b-2",
        "a.b",
        "x",
        "x/b",
        "x/b/c",
      ]);
      assert.equal((await one(tasks, "x/b")).id, b?.id);
      assert.deepEqual(
        [(await one(tasks, c!.id)).path, (await one(tasks, "x/b/c")).version],
        ["x/b/c", 2],
      );
      await sound(tasks);
      await tasks.update([{ task: "x/b/c", parent: null }], ann);
      assert.equal((await one(tasks, "c")).parent, null);
      await sound(tasks);
    },
  },
  {
    name: "a segment that is taken where a task goes gets a number",
    check: async ({ tasks }) => {
      await plan(tasks, "a", "b", "b/a", "b/a/c", "b/t-abcdefghij");
      await tasks.update([{ task: "b/a", parent: null }], ann);
      await tasks.update([{ task: "b/t-abcdefghij", parent: null }], ann);

      assert.deepEqual(pathsOf((await tasks.list({})).tasks), [
        "a",
        "a-2",
        "a-2/c",
        "b",
        "t-abcdefghij-2",
      ]);
    },
  },
  {
    name: "a move under itself, under nothing or too deep is refused",
    check: async ({ tasks }) => {
      const deep = Array.from({ length: taskLimits.depthMax - 1 }, (_, at) => `l${at}`);
      const paths = deep.map((_, at) => deep.slice(0, at + 1).join("/"));
      await plan(tasks, "a", "a/b", "a/b/c", ...paths);
      const move = (task: string, parent: string) => () => tasks.update([{ task, parent }], ann);

      await refused(tasks, "task.cycle", move("a", "a"));
      await refused(tasks, "task.cycle", move("a", "a/b/c"));
      await refused(tasks, "task.parent_not_found", move("a", "nothing"));
      await refused(tasks, "task.too_deep", move("a/b", paths.at(-1)!));
      await move("a/b/c", paths.at(-1)!)();
      await sound(tasks);
    },
  },
];
