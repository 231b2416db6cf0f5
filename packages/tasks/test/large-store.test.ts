import type { NewTask, Task } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };

describe("K1 K2: a store of thousands", () => {
  // Five calls make a tree of 5,000 tasks with dependencies; a list in every order and size of
  // page must give each of them exactly once.
  test("5,000 tasks list in pages without gap or repetition", { timeout: 60_000 }, async () => {
    await using open = await openTasks();
    const { tasks } = open;
    for (let part = 0; part < 5; part += 1) await tasks.create(branch(part), ann);

    for (const order of ["path", "priority", "updated"] as const) {
      const seen: Task[] = [];
      let cursor: string | undefined;
      do {
        const page = await tasks.list(
          {},
          { order, limit: 333, ...(cursor === undefined ? {} : { cursor }) },
        );
        expect(page.total).toBe(5_000);
        seen.push(...page.tasks);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(new Set(seen.map(({ id }) => id)).size).toBe(5_000);
      expect(seen).toHaveLength(5_000);
    }
    expect(await tasks.verify()).toEqual([]);
  });

  test("thousands of tasks of one name each get a place", { timeout: 60_000 }, async () => {
    await using open = await openTasks();
    const same = Array.from({ length: 1_000 }, () => ({ name: "same" }));

    for (let call = 0; call < 3; call += 1) await open.tasks.create(same, ann);
    const { tasks: last } = await open.tasks.create([{ name: "same" }], ann);

    expect(last[0]?.path).toBe("same-3001");
  });

  test("a chain of a thousand tasks is refused only when it is closed", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    const chain = Array.from({ length: 1_000 }, (_, at) => ({
      name: `c${at}`,
      ...(at === 0 ? {} : { dependencies: [`c${at - 1}`] }),
    }));
    await tasks.create(chain, ann);

    const close = tasks.update([{ task: "c0", addDependencies: ["c999"] }], ann);
    await expect(close).rejects.toMatchObject({ code: "task.cycle" });
    const under = { name: "x", parent: "c500", dependencies: ["c600"] };
    await expect(tasks.create([under], ann)).rejects.toMatchObject({ code: "task.cycle" });
    const many = Array.from({ length: 5 }, (_, at) => ({
      name: `x${at}`,
      parent: "c0",
      dependencies: [`c${900 + at}`],
    }));
    await expect(tasks.create(many, ann)).rejects.toMatchObject({ code: "task.cycle" });
    await tasks.create([{ name: "x", parent: "c600", dependencies: ["c500"] }], ann);
    await tasks.update([{ task: "c999", addDependencies: ["c0"] }], ann);
    expect(await tasks.verify()).toEqual([]);
  });
});

function branch(part: number): readonly NewTask[] {
  const tasks: NewTask[] = [{ name: `part ${part}`, type: "group" }];
  for (let at = 0; at < 999; at += 1)
    tasks.push({
      name: `task ${at}`,
      path: `part-${part}/t${at}`,
      priority: (["low", "medium", "critical"] as const)[at % 3]!,
      dependencies: at % 4 === 0 ? [] : [`part-${part}/t${at - 1}`],
      tags: [`tag${at % 5}`],
    });
  return tasks;
}
