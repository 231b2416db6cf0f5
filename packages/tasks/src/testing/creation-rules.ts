import assert from "node:assert/strict";
import { taskLimits } from "../index.ts";
import { ann, one, pathsOf, plan, refused, sound, type TaskRule } from "./task-rule.ts";

/** @internal */
export const creationRules: readonly TaskRule[] = [
  {
    name: "a whole tree is created in one call, in any order",
    check: async ({ tasks }) => {
      const created = await plan(
        tasks,
        { path: "app/api/login", dependencies: ["app/schema"] },
        { path: "app/api", type: "group" },
        { path: "app", type: "group" },
        "app/schema",
      );

      assert.deepEqual(pathsOf(created), ["app/api/login", "app/api", "app", "app/schema"]);
      const [login, api, app, schema] = created;
      assert.deepEqual([login?.parent, api?.parent, app?.parent], [api?.id, app?.id, null]);
      assert.deepEqual(login?.dependencies, [schema?.id]);
      assert.deepEqual([login?.status, schema?.status], ["blocked", "pending"]);
      await sound(tasks);
    },
  },
  {
    name: "what is not said has its documented default, and the version is 1",
    check: async ({ tasks }) => {
      const { tasks: created } = await tasks.create([{ name: "  Write docs  " }], ann);

      const { id, createdAt, updatedAt, ...rest } = created[0]!;
      assert.match(id, /^t-[0-9a-z]{10}$/);
      assert.equal(updatedAt, createdAt);
      assert.deepEqual(rest, {
        path: "write-docs",
        name: "Write docs",
        description: "",
        type: "task",
        status: "pending",
        parent: null,
        dependencies: [],
        priority: "medium",
        tags: [],
        assignee: null,
        reasoning: "",
        metadata: {},
        notes: [],
        progress: 0,
        unfinishedDependencies: 0,
        children: 0,
        lease: null,
        version: 1,
        completedAt: null,
      });
    },
  },
  {
    name: "everything that is said is kept",
    check: async ({ tasks }) => {
      const said = {
        name: "Größe prüfen",
        path: "prüfung",
        description: "Zeile 1\nZeile 2",
        type: "milestone",
        status: "in_progress",
        priority: "critical",
        tags: ["b", "a"],
        assignee: "zoë",
        reasoning: "weil",
        metadata: { nested: { list: [1, null, "x"] }, on: true },
      } as const;
      const note = { kind: "planning", text: "first" } as const;
      await tasks.create([{ ...said, notes: [note] }], ann);

      const task = await one(tasks, "prüfung");
      for (const [field, value] of Object.entries(said))
        assert.deepEqual(task[field as keyof typeof said], value, field);
      assert.deepEqual(task.notes, [{ ...note, actor: "ann", at: task.createdAt }]);
      await sound(tasks);
    },
  },
  {
    name: "names that give the same segment get numbers",
    check: async ({ tasks }) => {
      await tasks.create([{ name: "Fix bug" }], ann);
      const { tasks: created } = await tasks.create(
        [{ name: "Fix: bug!" }, { name: "fix bug" }, { name: "x", path: "fix-bug-4" }],
        ann,
      );
      const { tasks: later } = await tasks.create([{ name: "FIX BUG" }], ann);

      assert.deepEqual(pathsOf([...created, ...later]), [
        "fix-bug-2",
        "fix-bug-3",
        "fix-bug-4",
        "fix-bug-5",
      ]);
    },
  },
  {
    name: "any name gives a segment: other scripts, only punctuation, what looks like an id",
    check: async ({ tasks }) => {
      const names = ["数据库 迁移", "Ünïcödé", "?!?", "t-abcdefghij", "ＦＵＬＬ width", "🚀"];
      const { tasks: created } = await tasks.create(
        names.map((name) => ({ name })),
        ann,
      );

      assert.deepEqual(pathsOf(created), [
        "数据库-迁移",
        "ünïcödé",
        "task",
        "task-t-abcdefghij",
        "full-width",
        "task-2",
      ]);
      assert.equal((await one(tasks, "u\u0308ni\u0308co\u0308de\u0301")).name, "Ünïcödé");
      const rare = { name: "𠮷".repeat(taskLimits.nameLengthMax / 2) };
      assert.equal([...(await tasks.create([rare], ann)).tasks[0]!.path].length, 60);
    },
  },
  {
    name: "a parent that does not exist refuses the whole call",
    check: ({ tasks }) =>
      refused(tasks, "task.parent_not_found", () => plan(tasks, "good", "nowhere/child")),
  },
  {
    name: "a path that is taken refuses the whole call",
    check: async ({ tasks }) => {
      await plan(tasks, "a");
      await refused(tasks, "task.path_taken", () => plan(tasks, "b", "a"));
      await refused(tasks, "task.path_taken", () => plan(tasks, "c", "c"));
    },
  },
  {
    name: "paths of another form are refused",
    check: async ({ tasks }) => {
      for (const path of ["Upper", "a//b", "/a", "a/", "-a", "a b", "t-abcdefghij", "a\u0000"])
        await refused(tasks, "task.path_invalid", () => tasks.create([{ name: "x", path }], ann));
      await plan(tasks, "a", "b");
      const twice = { name: "x", path: "a/x", parent: "b" };
      await refused(tasks, "task.path_invalid", () => tasks.create([twice], ann));
    },
  },
  {
    name: "a tree grows to its greatest depth and no deeper",
    check: async ({ tasks }) => {
      const segments = Array.from({ length: taskLimits.depthMax }, (_, at) => `l${at}`);
      const paths = segments.map((_, at) => segments.slice(0, at + 1).join("/"));
      await plan(tasks, ...paths);
      await refused(tasks, "task.too_deep", () => plan(tasks, `${paths.at(-1)}/more`));
    },
  },
  {
    name: "unknown fields and wrong types are refused",
    check: async ({ tasks }) => {
      const create = (task: object) => () => tasks.create([{ name: "x", ...task }], ann);
      await refused(tasks, "validation.failed", create({ titel: "x" }));
      await refused(tasks, "validation.failed", create({ name: 7 }));
      await refused(tasks, "validation.failed", create({ name: "   " }));
      await refused(tasks, "validation.failed", create({ status: "blocked" }));
      await refused(tasks, "validation.failed", () => tasks.create([{ name: "x" }], { actor: "" }));
    },
  },
  {
    name: "item by item, the good ones are kept and the others named",
    check: async ({ tasks }) => {
      const { tasks: created, failures } = await tasks.create(
        [
          { name: "a" },
          { name: "" },
          { name: "b", parent: "nowhere" },
          { name: "c", parent: "a" },
          { name: "d", dependencies: ["nothing"] },
        ],
        ann,
        "item-by-item",
      );

      assert.deepEqual(pathsOf(created), ["a", "a/c"]);
      assert.deepEqual(
        failures.map(({ index, code }) => [index, code]),
        [
          [1, "validation.failed"],
          [2, "task.parent_not_found"],
          [4, "task.dependency_not_found"],
        ],
      );
      await sound(tasks);
    },
  },
  {
    name: "a mode that does not exist is refused instead of taken for another",
    check: ({ tasks }) =>
      refused(tasks, "configuration.invalid_option", () =>
        tasks.create([{ name: "a" }], ann, "best-effort" as "item-by-item"),
      ),
  },
];
