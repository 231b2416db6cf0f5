import { taskLimits } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { taskCreate } from "../src/tools/task-create.ts";
import { taskGet } from "../src/tools/task-get.ts";
import { taskList } from "../src/tools/task-list.ts";
import { taskNext } from "../src/tools/task-next.ts";
import { taskUpdate } from "../src/tools/task-update.ts";
import type { Tool } from "../src/tools/tool.ts";
import type { Answer } from "./support/call-tool.ts";
import { openStore, type TestStore } from "./support/open-store.ts";

async function run(store: TestStore, tool: Tool, given: unknown): Promise<Answer> {
  return (await store.call(tool, given)) as Answer;
}

describe("E6: bad input is refused with a code and a way out, and changes nothing", () => {
  const deep = Array.from({ length: taskLimits.depthMax + 1 }, (_, depth) => ({
    name: `Depth ${depth}`,
    path: Array(depth + 1)
      .fill("a")
      .join("/"),
  }));
  test.each([
    ["an unknown argument", taskCreate, { task: [] }, "validation.failed", 'mean "tasks"'],
    ["a wrong type", taskCreate, { tasks: [{ name: 7 }] }, "validation.failed", "tasks[0].name"],
    [
      "an unknown field of an item",
      taskCreate,
      { tasks: [{ name: "B", prority: "low" }] },
      "validation.failed",
      '"tasks[0]" has no "prority" (did you mean "priority"?)',
    ],
    ["no tasks", taskCreate, { tasks: [] }, "validation.failed", "tasks"],
    ["no arguments", taskCreate, undefined, "validation.failed", "tasks"],
    [
      "a missing parent",
      taskCreate,
      { tasks: [{ name: "B", parent: "no" }] },
      "task.parent_not_found",
      '"no"',
    ],
    [
      "a missing dependency",
      taskCreate,
      { tasks: [{ name: "B", dependencies: ["no"] }] },
      "task.dependency_not_found",
      '"no"',
    ],
    [
      "a cycle",
      taskCreate,
      {
        tasks: [
          { name: "B", path: "b", dependencies: ["c"] },
          { name: "C", path: "c", dependencies: ["b"] },
        ],
      },
      "task.cycle",
      '"b"',
    ],
    [
      "a cycle with what is stored",
      taskUpdate,
      { updates: [{ task: "first", add_dependencies: ["second"] }] },
      "task.cycle",
      '"first"',
    ],
    [
      "a self-dependency",
      taskCreate,
      { tasks: [{ name: "B", path: "b", dependencies: ["b"] }] },
      "task.self_dependency",
      '"b"',
    ],
    ["a path too deep", taskCreate, { tasks: deep }, "task.too_deep", "12"],
    [
      "a name too long",
      taskCreate,
      { tasks: [{ name: "n".repeat(taskLimits.nameLengthMax + 1) }] },
      "validation.failed",
      "200",
    ],
    ["a stale if_version", taskUpdate, stale(), "task.version_conflict", "version"],
    ["an unknown task", taskGet, { tasks: ["nope"] }, "task.not_found", '"nope"'],
    ["a limit too high", taskList, { limit: taskLimits.pageMax + 1 }, "task.limit_exceeded", "500"],
    ["a cursor of another list", taskList, { cursor: "abc" }, "task.cursor_invalid", "cursor"],
  ] as const)("%s", async (...[, tool, given, code, part]) => {
    await using store = await openStore();
    await run(store, taskCreate, {
      tasks: [
        { name: "First", path: "first" },
        { name: "Second", path: "second", dependencies: ["first"] },
      ],
    });
    const before = await run(store, taskList, { detail: "full" });

    const refused = store.call(tool, given);

    await expect(refused).rejects.toMatchObject({
      code,
      message: expect.stringContaining(part),
      hint: expect.stringMatching(/\.$/),
    });
    expect(await run(store, taskList, { detail: "full" })).toEqual(before);
  });

  test("a lease that has expired, or was taken over, no longer allows anything", async () => {
    await using store = await openStore();
    await run(store, taskCreate, { tasks: [{ name: "A" }] });
    const old = await run(store, taskNext, { claim: true, lease_seconds: 1, actor: "dead" });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const fresh = await run(store, taskNext, { claim: true, actor: "alive" });

    const late = store.call(taskUpdate, {
      updates: [{ task: "a", status: "completed", lease: old.tasks[0]?.lease }],
    });

    await expect(late).rejects.toMatchObject({ code: "task.lease_expired" });
    expect(fresh.tasks[0]?.lease).toMatchObject({ holder: "alive", token: 2 });
  });
});

function stale(): object {
  return { updates: [{ task: "first", if_version: 7, name: "Changed" }] };
}
