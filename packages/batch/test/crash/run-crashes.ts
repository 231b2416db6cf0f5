/**
 * Kills processes with SIGKILL at random moments while they work on a durable
 * job, starts the next one on the same store, and when the job is done compares
 * the store with the items that were given.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { BatchStrategy } from "@atlas/batch";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { randomFrom } from "../../bench/support/simulated-machine.ts";
import { failsAlways } from "../fixtures/crash-items.ts";

export interface CrashOptions {
  /** Of each strategy. */
  readonly kills: number;
  readonly items: number;
  readonly seed: number;
  readonly strategies?: readonly BatchStrategy[];
  /** Whether checkpoints are written after their items, to see that it is noticed. */
  readonly fault?: boolean;
}

export interface CrashFigures {
  readonly strategy: BatchStrategy;
  kills: number;
  /** Kills at which the job had been begun and was not done. */
  inTheMiddle: number;
  jobs: number;
  readonly contradictions: string[];
}

/** Longest time from the beginning of the work to the kill, in milliseconds. */
const momentMaxMs = 150;
/** Processes that one job may need: whoever never gets further is a contradiction too. */
const livesMax = 1_000;

const applied = sqlQuery<{ rows: number; items: number }>(
  "SELECT count(*) AS rows, count(DISTINCT item) AS items FROM applied",
);

export async function runCrashes(options: CrashOptions): Promise<readonly CrashFigures[]> {
  const random = randomFrom(options.seed);
  const { strategies = ["sequential", "concurrent", "adaptive"] } = options;
  const all: CrashFigures[] = [];
  for (const strategy of strategies) {
    const figures = { strategy, kills: 0, inTheMiddle: 0, jobs: 0, contradictions: [] };
    while (figures.kills < options.kills) await runJob(figures, options, random);
    all.push(figures);
  }
  return all;
}

/** One job from its first process to its end. */
async function runJob(
  figures: CrashFigures,
  { kills, items, fault = false }: CrashOptions,
  random: () => number,
): Promise<void> {
  using directory = temporaryDirectory();
  const store = directory.file("jobs.db");
  figures.jobs += 1;
  const flags = [`--store=${store}`, `--strategy=${figures.strategy}`, `--items=${items}`];
  if (fault) flags.push("--fault");
  for (let life = 0; life < livesMax; life += 1) {
    const isLast = figures.kills >= kills;
    const afterMs = isLast ? undefined : random() * momentMaxMs;
    const { killed, output } = await live(flags, afterMs);
    if (killed) {
      figures.kills += 1;
      const settled = await settledItems(store);
      if (settled > 0 && settled < items) figures.inTheMiddle += 1;
      continue;
    }
    figures.contradictions.push(...(await compare(store, items, output)));
    return;
  }
  figures.contradictions.push(`The job was not done after ${livesMax} processes.`);
}

interface Life {
  readonly killed: boolean;
  readonly output: string;
}

/** Runs one process, and kills it so long after it has begun to work. */
async function live(flags: readonly string[], afterMs: number | undefined): Promise<Life> {
  const script = join(import.meta.dirname, "../fixtures/crash-child.ts");
  const child = spawn(process.execPath, ["--conditions=@atlas/source", script, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(import.meta.dirname, "../../node_modules/.cache/compile"),
    },
  });
  let output = "";
  let ordered = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (ordered || afterMs === undefined || !output.includes("ready\n")) return;
    ordered = true;
    void setTimeout(afterMs).then(() => child.kill("SIGKILL"));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve({ killed: signal === "SIGKILL", output }));
  });
}

async function settledItems(store: string): Promise<number> {
  await using database = await openSqlite(store, { readers: 1, healthCheckMs: 0 });
  const rows = await database
    .all(sqlQuery<{ n: number }>("SELECT succeeded + failed AS n FROM atlas_batch_job"))
    .catch(() => []);
  return rows[0]?.n ?? 0;
}

/** Everything in which the store, or what the last process said, differs from what was given. */
async function compare(store: string, items: number, output: string): Promise<readonly string[]> {
  const bad = Array.from({ length: items }, (_, item) => item).filter(failsAlways).length;
  const good = items - bad;
  await using database = await openSqlite(store, { readers: 1, healthCheckMs: 0 });
  const { rows, items: distinct } = (await database.get(applied))!;
  const { counts, stopped, state } = JSON.parse(output.split("\n")[1] ?? "{}");
  const found: string[] = [];
  if (rows > distinct) found.push(`${rows - distinct} items were done twice.`);
  if (distinct !== good) found.push(`${distinct} items are stored, ${good} were to be.`);
  if (counts?.succeeded !== good || counts?.failed !== bad) {
    found.push(`The result counts ${JSON.stringify(counts)}, not ${good} and ${bad}.`);
  }
  if (stopped !== undefined || state !== "completed")
    found.push(`It ended as ${state} ${stopped}.`);
  return found;
}

/** One line for people. */
export function describeCrashes(figures: readonly CrashFigures[], options: CrashOptions): string {
  return figures
    .map(
      ({ strategy, kills, inTheMiddle, jobs, contradictions }) =>
        `crash ${strategy}: ${kills} kills (${inTheMiddle} in the middle), ${jobs} jobs of ` +
        `${options.items} items, ${contradictions.length} contradictions, seed ${options.seed}` +
        contradictions.map((text) => `\n  ${text}`).join(""),
    )
    .join("\n");
}
