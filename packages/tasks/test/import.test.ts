import {
  createTaskManager,
  type ImportedTask,
  type ImportResult,
  taskLimits,
  type TaskManager,
} from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

const ann = { actor: "ann" };

describe("imports that do not fit", () => {
  test("records that lie too deep are named, and their neighbours taken in", async () => {
    await using open = await openTasks();
    const depth = taskLimits.depthMax;
    // The group that receives them is the first level.
    const chain = Array.from({ length: depth }, (_, at) =>
      record(`${at}`, at === 0 ? {} : { externalParent: `${at - 1}` }),
    );
    const beside = record("beside", { externalParent: `${depth - 3}` });

    const result = await take(open.tasks, [...chain, beside]);

    expect(result.imported).toBe(depth);
    expect(result.rejected.map(({ index }) => index)).toEqual([depth - 1]);
    expect(result.rejected[0]?.reason).toContain("levels");
    expect(await open.tasks.verify()).toEqual([]);
  });

  test("parent and child that have changed places do so here", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    await take(tasks, [record("1"), record("2", { externalParent: "1" })]);

    const result = await take(tasks, [record("1", { externalParent: "2" }), record("2")]);

    expect(result).toMatchObject({ imported: 2, rejected: [], warnings: [] });
    expect((await tasks.get(["in/record-2/record-1"]))[0]?.name).toBe("Record 1");
    expect(await tasks.verify()).toEqual([]);
  });

  test("a changed record that cannot be as it says is named and stays as it was", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    await take(tasks, [record("1"), record("2", { externalDependencies: ["1"] })]);
    const before = await tasks.list({});

    const bad = record("1", { name: "New", externalParent: "2" });
    const result = await take(tasks, [bad, record("2", { externalDependencies: ["1"] })]);

    expect(result).toMatchObject({ imported: 0, unchanged: 1 });
    expect(result.rejected[0]?.reason).toContain("wait for each other");
    expect(await tasks.list({})).toEqual(before);
  });

  test("a parent that arrives later is not taken where that would close a cycle", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    const child = record("1", { externalParent: "2" });
    await take(tasks, [child]);

    const result = await take(tasks, [child, record("2", { externalDependencies: ["1"] })]);

    expect(result.warnings.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('It was not put under "2"'),
    ]);
    expect(await tasks.verify()).toEqual([]);
  });

  test("more dependencies than a task can have are left out by name", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    const max = taskLimits.dependenciesMax;
    const all = Array.from({ length: max + 1 }, (_, at) => record(`d${at}`));
    const externalDependencies = all.slice(1).map(({ externalId }) => externalId);
    await take(tasks, [...all, record("1", { externalDependencies })]);
    await tasks.create([{ name: "own" }], ann);
    await tasks.update([{ task: "in/record-1", removeDependencies: ["in/record-d1"] }], ann);
    await tasks.update([{ task: "in/record-1", addDependencies: ["own"] }], ann);

    const changed = record("1", { externalDependencies, description: "new" });
    const result = await take(tasks, [changed]);

    expect(result.warnings.map(({ reason }) => reason)).toEqual([
      `Its dependency on "d1" was left out: a task can have ${max}.`,
    ]);
  });

  test("what is wrong with the store ends the call and leaves nothing", async () => {
    await using open = await openTasks();
    // Two tasks of one id are not a mistake of the caller.
    const tasks = createTaskManager(open.engine, { createId: () => "t-0000000000" });
    const twice = [{ name: "a" }, { name: "b" }];

    await expect(tasks.create(twice, ann, "item-by-item")).rejects.toMatchObject({
      code: expect.stringMatching(/^storage\./),
    });
    await expect(take(tasks, [record("1")])).rejects.toMatchObject({
      code: expect.stringMatching(/^storage\./),
    });
    expect((await open.tasks.list({})).total).toBe(0);
  });

  test("progress is told along the way of a large import", async () => {
    await using open = await openTasks();
    const told: number[] = [];
    const records = Array.from({ length: 1_000 }, (_, at) => record(`${at}`));
    const onProgress = (done: number): void => void told.push(done);

    await open.tasks.import(records, ann, { source: "s", into: "in", onProgress });

    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(1_000);
  });
});

function record(externalId: string, more: Partial<ImportedTask> = {}): ImportedTask {
  return { name: `Record ${externalId}`, externalId, ...more };
}

function take(tasks: TaskManager, records: readonly ImportedTask[]): Promise<ImportResult> {
  return tasks.import(records, ann, { source: "s", into: "in" });
}
