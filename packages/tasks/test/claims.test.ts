import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openEngine } from "@atlas/engine";
import { openSqlite } from "@atlas/storage/sqlite";
import { createTaskManager, type NewTask, taskCollections } from "@atlas/tasks";
import { describe, expect, test } from "vitest";
import { openTasks } from "./open-tasks.ts";

/** What a worker process has done: tasks it completed, in order. */
interface WorkReport {
  readonly actor: string;
  readonly completed: readonly string[];
}

describe("K5: many claimers at once", () => {
  // Twenty claimers in one process take, complete, fail or give back what they get until nothing
  // is left. A register of what is held shows every task that two of them hold at once.
  test("no task has two holders, and everything is completed", async () => {
    await using open = await openTasks();
    const { tasks } = open;
    await tasks.create(layers(6, 20), { actor: "planner" });
    const held = new Map<string, string>();
    const completed = new Map<string, string>();

    const work = async (actor: string, random: () => number): Promise<void> => {
      let idle = 0;
      while (idle < 50 && completed.size < 120) {
        const claimed = await tasks.claimNext({ count: 1 + Math.floor(random() * 3) }, { actor });
        idle = claimed.length === 0 ? idle + 1 : 0;
        for (const { id } of claimed) {
          expect(held.get(id)).toBeUndefined();
          held.set(id, actor);
        }
        await new Promise(setImmediate);
        for (const { id, lease } of claimed) {
          held.delete(id);
          const claim = { task: id, lease: lease!.token };
          if (random() < 0.2) {
            await tasks.release([claim], { actor });
            continue;
          }
          completed.set(id, actor);
          await tasks.update([{ ...claim, status: "completed" }], { actor });
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, at) => work(`w${at}`, randomFrom(at + 1))));

    expect(completed.size).toBe(120);
    expect((await tasks.statistics()).byStatus.completed).toBe(126);
    expect(await tasks.verify()).toEqual([]);
    for (const [id, actor] of completed)
      expect((await tasks.history(id)).changes[0]?.actor).toBe(actor);
  });

  // Four processes with an engine each work through one file.
  test(
    "processes on one file share the work without sharing a task",
    { timeout: 60_000 },
    async () => {
      await using open = await openTasks();
      await open.tasks.create(layers(5, 12), { actor: "planner" });

      const reports = await Promise.all(
        ["p1", "p2", "p3", "p4"].map((actor) => runWorker(open.path, actor)),
      );

      const completed = reports.flatMap((report) => report.completed);
      expect(completed).toHaveLength(60);
      expect(new Set(completed).size).toBe(60);
      expect((await open.tasks.statistics()).byStatus.completed).toBe(65);
      expect(await open.tasks.verify()).toEqual([]);
      for (const { actor, completed: ids } of reports)
        for (const id of ids) {
          const { changes } = await open.tasks.history(id);
          const [done, claimed] = changes;
          expect([done?.actor, claimed?.actor]).toEqual([actor, actor]);
          expect(claimed?.fields["holder"]?.after).toBe(actor);
        }
    },
  );

  // One of three processes is killed while it holds work, with leases of a second.
  test("the work of a killed process comes back to the others", { timeout: 60_000 }, async () => {
    await using open = await openTasks();
    await open.tasks.create(layers(3, 8), { actor: "planner" });

    const killed = startWorker(open.path, "killed", 1_000);
    const [{ claimed }] = (await once(killed, "message")) as [{ readonly claimed: string }];
    const others = ["p1", "p2"].map((actor) => runWorker(open.path, actor, 1_000));
    killed.kill("SIGKILL");
    const completed = (await Promise.all(others)).flatMap((report) => report.completed);

    const done = (await open.tasks.list({ status: ["completed"] }, { limit: 500 })).total;
    expect(done).toBe(27);
    expect(new Set(completed).size).toBe(completed.length);
    const actors = (await open.tasks.history(claimed)).changes.map(({ actor }) => actor);
    expect(actors).toContain("killed");
    expect(await open.tasks.verify()).toEqual([]);
  });

  test("a process that opens the file later goes on where others stopped", async () => {
    await using open = await openTasks();
    await open.tasks.create([{ name: "a" }, { name: "b" }], { actor: "planner" });
    await open.tasks.claimNext({ leaseMs: 1_000 }, { actor: "gone" });
    open.advance(1_000);

    await using database = await openSqlite(open.path);
    await using engine = await openEngine({ database, collections: taskCollections });
    const tasks = createTaskManager(engine, { clock: open.now });
    const claimed = await tasks.claimNext({ count: 2 }, { actor: "next" });

    expect(claimed.map(({ path, lease }) => [path, lease?.token])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });
});

/** Groups of tasks, each of which waits for the group before it. */
function layers(count: number, width: number): readonly NewTask[] {
  const tasks: NewTask[] = [];
  for (let layer = 0; layer < count; layer += 1) {
    const path = `layer${layer}`;
    const dependencies = layer === 0 ? [] : [`layer${layer - 1}`];
    tasks.push({ name: path, path, type: "group", dependencies });
    for (let at = 0; at < width; at += 1) tasks.push({ name: `task ${at}`, parent: path });
  }
  return tasks;
}

function startWorker(path: string, actor: string, leaseMs: number): ChildProcess {
  const file = new URL("fixtures/work-until-done.ts", import.meta.url);
  return fork(file, [path, actor, String(leaseMs)], { execArgv: ["--conditions=@atlas/source"] });
}

async function runWorker(path: string, actor: string, leaseMs = 900_000): Promise<WorkReport> {
  const child = startWorker(path, actor, leaseMs);
  let report: WorkReport | undefined;
  child.on("message", (message: WorkReport | { readonly claimed: string }) => {
    if ("completed" in message) report = message;
  });
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
  return report!;
}

/** Numbers from 0 to 1 that are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
