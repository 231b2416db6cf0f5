/**
 * The main job, with real parts only: a plan of 50 tasks goes in with one call,
 * four agents in four processes, each an MCP client of its own, work it to the
 * end. Once in peace over both transports in both eras, once while servers are
 * killed.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { callTool, type TaskAnswer } from "./support/call-tool.ts";
import { connectStdio, eras, startServer } from "./support/connect.ts";
import { childEnvironment, runAtlas } from "./support/run-atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

vi.setConfig({ testTimeout: 300_000 });

const names = ["ann", "bob", "cyd", "dan"];
const killRounds = Number(process.env["ATLAS_KILL_ROUNDS"] ?? 15);

/** Five features of nine steps, each step after the one before, features in a row with gaps. */
function plan(): readonly object[] {
  const tasks: object[] = [{ name: "Release", path: "release", type: "group" }];
  for (let feature = 1; feature <= 7; feature += 1) {
    const path = `release/f${feature}`;
    const dependencies = feature > 3 ? [`release/f${feature - 3}`] : [];
    tasks.push({ name: `Feature ${feature}`, path, dependencies });
    for (let step = 1; step <= 6; step += 1)
      tasks.push({
        name: `Step ${step}`,
        path: `${path}/s${step}`,
        dependencies: step % 2 === 0 ? [`${path}/s${step - 1}`] : [],
      });
  }
  return tasks;
}

interface Agent {
  readonly name: string;
  /** Of the server it is connected to at present. */
  readonly serverPid: () => number | undefined;
  /** Resolves when the agent found nothing left to do. */
  readonly end: Promise<{ readonly done: readonly string[]; readonly refused: readonly string[] }>;
}

function startAgent(settings: { readonly name: string; readonly [key: string]: unknown }): Agent {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@atlas/source",
      join(import.meta.dirname, "fixtures/agent.ts"),
      JSON.stringify(settings),
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: childEnvironment() },
  );
  const done: string[] = [];
  const refused: string[] = [];
  let pid: number | undefined;
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const fact = JSON.parse(line) as { done?: string; pid?: number; refused?: string };
      if (fact.pid !== undefined) ({ pid } = fact);
      if (fact.done !== undefined) done.push(fact.done);
      if (fact.refused !== undefined) refused.push(fact.refused);
    }
  });
  const end = new Promise<{ done: string[]; refused: string[] }>((resolve, reject) => {
    child.on("close", (code) =>
      code === 0 ? resolve({ done, refused }) : reject(new Error(`agent ended with ${code}`)),
    );
  });
  return { name: settings.name, serverPid: () => pid, end };
}

/** Everything is complete, and the history says who completed what. */
async function expectWorked(
  data: string,
  told: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  await using reader = await connectStdio({ data });
  const { client } = reader;
  const list = await callTool(client, "task_list", { limit: 100, max_tokens: 20_000 });
  expect(list.total).toBe(50);
  expect(list.tasks.map(({ status }) => status)).toEqual(Array(50).fill("completed"));

  const doneBy = [...told].flatMap(([name, ids]) => ids.map((id) => [id, name] as const));
  for (const [id, name] of doneBy) {
    const { changes } = (await callTool(client, "task_history", { task: id })) as unknown as {
      changes: { actor: string; fields: Record<string, { after?: unknown }> }[];
    };
    const completions = changes.filter(({ fields }) => fields["status"]?.after === "completed");
    expect(completions.map(({ actor }) => actor)).toEqual([name]);
  }
}

async function createPlan(data: string): Promise<readonly TaskAnswer[]> {
  await using planner = await connectStdio({ data, name: "planner" });
  return (await callTool(planner.client, "task_create", { tasks: plan() })).tasks;
}

describe("K5 K6: four agents in four processes work a plan of 50 tasks to the end", () => {
  test.for(eras)("over stdio, $era", async ({ mode }) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const tasks = await createPlan(data);

    const agents = names.map((name) => startAgent({ name, mode, data, leaseSeconds: 60 }));
    const ends = await Promise.all(agents.map(({ end }) => end));

    const done = ends.flatMap((end) => end.done);
    expect(new Set(done).size).toBe(done.length);
    // The group is completed by its children, not by an agent.
    expect(done.toSorted()).toEqual(
      tasks
        .slice(1)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(ends.flatMap((end) => end.refused)).toEqual([]);
    await expectWorked(data, new Map(names.map((name, i) => [name, ends[i]?.done ?? []])));
  });

  test.for(eras)("over HTTP, $era", async ({ mode }) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    await createPlan(data);
    await using server = await startServer(data);
    const token = readFileSync(server.tokenFile, "utf8").trim();
    const { url } = server;

    const agents = names.map((name) => startAgent({ name, mode, url, token, leaseSeconds: 60 }));
    const ends = await Promise.all(agents.map(({ end }) => end));

    const done = ends.flatMap((end) => end.done);
    expect(new Set(done).size).toBe(done.length);
    expect(done).toHaveLength(49);
    await expectWorked(data, new Map(names.map((name, i) => [name, ends[i]?.done ?? []])));
  });
});

test(`K5: while a server is killed every 200 ms, ${killRounds} times, nothing acknowledged is lost`, async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await createPlan(data);
  const mode = "legacy";
  const agents = names.map((name) => startAgent({ name, mode, data, leaseSeconds: 1 }));
  const working = Promise.all(agents.map(({ end }) => end));
  let over = false;
  void working.finally(() => (over = true));

  for (let round = 0; round < killRounds && !over; round += 1) {
    await sleep(200);
    const victim = agents[Math.floor(Math.random() * agents.length)];
    const pid = victim?.serverPid();
    try {
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    } catch {
      // It is dead already.
    }
  }
  const ends = await working;

  await expectWorked(data, new Map(names.map((name, i) => [name, ends[i]?.done ?? []])));
  const verified = await runAtlas(["verify", "--json", "--data", data]);
  expect(JSON.parse(verified.stdout)).toEqual({ ok: true, findings: [] });
});

test("K2: eight processes create on one file; all are kept and no busy error is seen", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  const each = Number(process.env["ATLAS_CREATES"] ?? 40);
  const connections = await Promise.all(
    Array.from({ length: 8 }, (_, i) => connectStdio({ data, name: `p${i}` })),
  );

  await Promise.all(
    connections.map(async ({ client }, process) => {
      for (let i = 0; i < each; i += 1)
        await callTool(client, "task_create", { tasks: [{ name: `Task ${process} ${i}` }] });
    }),
  );

  const list = await callTool(connections[0]!.client, "task_list", { limit: 1 });
  expect(list.total).toBe(8 * each);
  for (const connection of connections) await connection[Symbol.asyncDispose]();
});
