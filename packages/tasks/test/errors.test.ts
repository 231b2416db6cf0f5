import { AtlasError } from "@atlas/errors";
import { type TaskErrorCode, taskErrorCodes, taskLimits, type TaskManager } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };
const bob = { actor: "bob" };
const deepest = Array.from({ length: taskLimits.depthMax }, () => "a").join("/");

/** One way to each code, over the tasks `a`, `a/b` and `held`, which bob holds with token 1. */
const ways: Readonly<Record<TaskErrorCode, (tasks: TaskManager) => Promise<unknown>>> = {
  "task.not_found": (tasks) => tasks.get(["nothing"]),
  "task.parent_not_found": (tasks) => tasks.create([{ name: "x", parent: "nothing" }], ann),
  "task.dependency_not_found": (tasks) =>
    tasks.create([{ name: "x", dependencies: ["nothing"] }], ann),
  "task.path_taken": (tasks) => tasks.create([{ name: "x", path: "a" }], ann),
  "task.path_invalid": (tasks) => tasks.create([{ name: "x", path: "No" }], ann),
  "task.too_deep": (tasks) => tasks.create([{ name: "x", path: `${deepest}/a` }], ann),
  "task.cycle": (tasks) => tasks.update([{ task: "a", addDependencies: ["a/b"] }], ann),
  "task.self_dependency": (tasks) => tasks.update([{ task: "a", addDependencies: ["a"] }], ann),
  "task.parent_finished": (tasks) =>
    tasks.create(
      [
        { name: "x", status: "failed" },
        { name: "y", parent: "x" },
      ],
      ann,
    ),
  "task.version_conflict": (tasks) => tasks.update([{ task: "a", ifVersion: 7 }], ann),
  "task.leased": (tasks) => tasks.claim(["held"], ann),
  "task.lease_expired": (tasks) => tasks.renew([{ task: "held", lease: 0 }]),
  "task.not_claimable": (tasks) => tasks.claim(["a"], ann),
  "task.transition_refused": (tasks) =>
    tasks.update(
      [
        { task: "a/b", status: "completed" },
        { task: "a/b", status: "failed" },
      ],
      ann,
    ),
  "task.blocked": (tasks) =>
    tasks.create([{ name: "x", dependencies: ["a"], status: "completed" }], ann),
  "task.children_unfinished": (tasks) => tasks.update([{ task: "a", status: "completed" }], ann),
  "task.has_children": (tasks) => tasks.delete(["a"], ann),
  "task.cursor_invalid": (tasks) => tasks.list({}, { cursor: "x" }),
  "task.import_rejected": (tasks) =>
    tasks.import([{ name: "", externalId: "1" }], ann, {
      source: "s",
      into: "in",
      onInvalid: "reject-all",
    }),
  "task.limit_exceeded": (tasks) => tasks.get([]),
};

describe("the errors of this package", () => {
  test("the codes are these and no others", () => {
    expect(Object.keys(taskErrorCodes)).toEqual([
      "task.not_found",
      "task.parent_not_found",
      "task.dependency_not_found",
      "task.path_taken",
      "task.path_invalid",
      "task.too_deep",
      "task.cycle",
      "task.self_dependency",
      "task.parent_finished",
      "task.version_conflict",
      "task.leased",
      "task.lease_expired",
      "task.not_claimable",
      "task.transition_refused",
      "task.blocked",
      "task.children_unfinished",
      "task.has_children",
      "task.cursor_invalid",
      "task.import_rejected",
      "task.limit_exceeded",
    ]);
  });

  test.for(Object.entries(ways))(
    "%s can be reached, says what to do, and changes nothing",
    async ([code, way]) => {
      await using open = await openTasks();
      const { tasks } = open;
      const names = ["a", "b", "held"];
      await tasks.create(
        names.map((name) => ({ name, path: name === "b" ? "a/b" : name })),
        ann,
      );
      await tasks.claim(["held"], bob);
      const before = await tasks.list({});

      const error = await way(tasks).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );

      expect(AtlasError.is(error)).toBe(true);
      if (!AtlasError.is(error)) return;
      expect(error.code).toBe(code);
      expect(error.message).toMatch(/^[A-Z"].*\.$/s);
      expect(await tasks.list({})).toEqual(before);
    },
  );
});
