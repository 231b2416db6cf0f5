/**
 * 100,000 tasks with dependencies through the whole path: schema, rules of the
 * plan, summaries, indexes, full-text search and change log, durable, in
 * transactions of one batch each; against better-sqlite3 that inserts the very
 * rows that came of it into the same tables with the same indexes and triggers
 * in one transaction, synchronous FULL. The ratio is Atlas' time by the peer's.
 *
 * Prints one JSON line per strategy; `--case <name>` runs one, `--count` and
 * `--rounds` change how much. `validationShare` is the time that validating the
 * same tasks takes alone, by the time of the whole.
 */
import { parseArgs } from "node:util";
import type { BatchStrategy } from "@atlas/batch";
import type { NewTask } from "@atlas/tasks";
import { newTasks } from "../../src/checked-input.ts";
import { generatedPlan } from "../support/generated-plan.ts";
import { median } from "../support/median.ts";
import { openStore } from "../support/open-store.ts";
import { replayRows } from "../support/replay-rows.ts";

const { values: given } = parseArgs({
  options: {
    case: { type: "string" },
    count: { type: "string", default: "100000" },
    rounds: { type: "string", default: "1" },
  },
});
const count = Number(given.count);
const strategies: readonly BatchStrategy[] = ["sequential", "concurrent", "adaptive"];
const byTask = "JOIN tasks ON tasks.id = task ORDER BY tasks.sequence";
/** What creating a task writes to, and in which order it did. */
const tables = {
  tasks: "ORDER BY sequence",
  task_dependencies: byTask,
  task_tags: byTask,
  atlas_change: "ORDER BY sequence",
};
const plan: readonly NewTask[] = [...generatedPlan(count)];

for (const strategy of strategies) {
  const name = `whole-path-${count / 1_000}k-${strategy}`;
  if (given.case === undefined || name.startsWith(given.case)) await run(name, strategy);
}

async function run(name: string, strategy: BatchStrategy): Promise<void> {
  const rounds: { readonly atlas: number; readonly peer: number }[] = [];
  for (let round = 0; round < Number(given.rounds); round += 1) {
    await using store = await openStore();
    const atlas = await timed(() => create(store.tasks, strategy));
    rounds.push({ atlas, peer: replayRows(store.path, tables) });
  }
  const [atlas, peer] = [median(rounds.map((r) => r.atlas)), median(rounds.map((r) => r.peer))];
  const validation = await timed(validateAll);
  const line = {
    bench: "batch",
    case: name,
    atlas: Math.round(atlas),
    peer: Math.round(peer),
    peerName: "better-sqlite3, the same rows in one transaction",
    unit: "ms",
    ratio: Number(median(rounds.map((r) => r.atlas / r.peer)).toFixed(2)),
    tasksPerSecond: Math.round((count * 1_000) / atlas),
    validationShare: Number((validation / atlas).toFixed(3)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function create(
  tasks: Awaited<ReturnType<typeof openStore>>["tasks"],
  strategy: BatchStrategy,
): Promise<void> {
  const { counts } = await tasks.createAll(plan, { actor: "bench" }, { strategy });
  if (counts.succeeded !== count) throw new Error(`Only ${counts.succeeded} tasks were created.`);
}

async function validateAll(): Promise<void> {
  const size = 1_000;
  for (let at = 0; at < plan.length; at += size) {
    const { ok } = await newTasks.validateMany(plan.slice(at, at + size));
    if (!ok) throw new Error("The plan is not valid.");
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
