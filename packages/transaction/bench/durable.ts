/**
 * Transactions per second by 1 to 256 callers who each wait for theirs: Atlas
 * against better-sqlite3, one by one.
 *
 * - `durable-N`: acknowledged when on stable storage; the peer has synchronous=FULL.
 * - `durable-N-sync1ms`, `-sync5ms`: the same on a disk whose syncs take longer.
 * - `durable-1-thread`: one caller whose syncs never keep the event loop.
 * - `relaxed-1`: acknowledged without a sync; the peer has synchronous=NORMAL.
 * - `loop-gap-N…`: the event loop's longest pause meanwhile; the ratio is peer to Atlas.
 *   `median` is that of the rounds and `long` how many had one above 5 ms; `machine…`
 *   is the same of a loop that has nothing to do and waits, as one that waits for a sync:
 *   the pauses that the machine makes by itself. `own…` is what the process itself kept
 *   its loop from going on, whatever the machine did meanwhile: the time of the thread on
 *   a processor between two looks for events, and its waits for the disk. It needs Linux
 *   and a C compiler, as do slower disks.
 *
 * Both sides run in turns in one process. The ratio is the median of the ratios
 * of the rounds, so that what slows one round down slows both sides of it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  openAtlas,
  openRaw,
  settings,
  synchronousOf,
  type Setting,
  type Side,
} from "./support/sides.ts";
import { runPreloaded, watchTurns } from "./support/preloaded.ts";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    rounds: { type: "string", default: "30" },
    ms: { type: "string", default: "150" },
    /** Set by the program itself when it runs preloaded, with a disk that is so much slower. */
    slower: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
const roundMs = Number(flags.ms);
const slowerMs = Number(flags.slower ?? 0);
const callerCounts = [1, 8, 64, 256];
/** The first rounds fill caches, compile, and bring the log to the size it keeps. */
const warmUpRounds = Math.ceil(3_000 / roundMs);
const gapResolutionMs = 1;
const longPauseMs = 5;

interface Case {
  readonly name: string;
  readonly callers: number;
  readonly setting: Setting;
}

/** One round of one side. */
interface Round {
  readonly perSecond: number;
  readonly gapMs: number;
  /** Not a number in a process whose turns are not watched. */
  readonly ownMs: number;
}

const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
using turns = watchTurns();
try {
  if (flags.slower !== undefined || !rerun(0)) await runWantedCases();
  if (flags.slower === undefined) for (const ms of [1, 5]) rerun(ms);
} finally {
  rmSync(directory, { recursive: true });
}

async function runWantedCases(): Promise<void> {
  const suffix = slowerMs === 0 ? "" : `-sync${slowerMs}ms`;
  const cases: readonly Case[] = [
    ...callerCounts.map((callers) => ({
      name: `durable-${callers}${suffix}`,
      callers,
      setting: "full" as const,
    })),
    { name: `durable-1-thread${suffix}`, callers: 1, setting: "thread" },
    ...(slowerMs === 0 ? [{ name: "relaxed-1", callers: 1, setting: "relaxed" as const }] : []),
  ];
  await runCases(cases.filter(({ name }) => isWanted(name)));
}

function isWanted(name: string): boolean {
  return flags.case === undefined || flags.case === name || flags.case === gapName(name);
}

function gapName(name: string): string {
  return name.replace(/^durable/, "loop-gap").replace(/^relaxed/, "loop-gap-relaxed");
}

/** Runs the cases of a disk that is so much slower, watched; false where that cannot be done. */
function rerun(ms: number): boolean {
  const suffix = /-sync(\d+)ms$/.exec(flags.case ?? "");
  if (flags.case !== undefined && Number(suffix?.[1] ?? 0) !== ms) return true;
  const { case: wanted, slower: _, ...pace } = flags;
  const given = Object.entries({ ...pace, slower: String(ms), ...(wanted && { case: wanted }) });
  const args = given.map(([name, value]) => `--${name}=${value}`);
  if (runPreloaded(directory, ms, args)) return true;
  process.stderr.write(`Syncs that take ${ms} ms more need Linux and a C compiler.\n`);
  return false;
}

async function runCases(cases: readonly Case[]): Promise<void> {
  for (const setting of settings) {
    const some = cases.filter((one) => one.setting === setting);
    if (some.length === 0) continue;
    const atlas = await openAtlas(directory, setting);
    const peer = openRaw(directory, setting);
    for (const one of some) await runCase(one, atlas, peer);
    await atlas.close();
    await peer.close();
  }
}

async function runCase({ name, callers, setting }: Case, atlas: Side, peer: Side): Promise<void> {
  const results: { readonly atlas: Round; readonly peer: Round }[] = [];
  const machine: Round[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    // Whoever comes first in a round may find the disk in another state.
    const first = round % 2 === 0 ? await runRound(atlas, callers) : undefined;
    const other = await runRound(peer, callers);
    const result = { atlas: first ?? (await runRound(atlas, callers)), peer: other };
    if (round < 0) continue;
    results.push(result);
    machine.push(await runRound({ once: () => sleep(roundMs) }, 1));
  }
  const peerName = `better-sqlite3 ${synchronousOf(setting)}`;
  print(name, {
    atlas: Math.round(median(results.map((result) => result.atlas.perSecond))),
    peer: Math.round(median(results.map((result) => result.peer.perSecond))),
    peerName,
    unit: "tx/s",
    ratio: twoDigits(median(results.map((r) => r.atlas.perSecond / r.peer.perSecond))),
  });
  const gap = spread(results.map((result) => result.atlas.gapMs));
  const peerGap = spread(results.map((result) => result.peer.gapMs));
  const own = spread(results.map((result) => result.atlas.ownMs));
  const idle = spread(machine.map(({ gapMs }) => gapMs));
  print(gapName(name), {
    atlas: gap.max,
    peer: peerGap.max,
    peerName,
    unit: "ms",
    ratio: twoDigits(peerGap.max / gap.max),
    median: gap.median,
    long: gap.long,
    machine: idle.max,
    machineMedian: idle.median,
    machineLong: idle.long,
    ...(turns && { own: own.max, ownMedian: own.median, ownLong: own.long }),
  });
}

async function runRound({ once }: Pick<Side, "once">, callers: number): Promise<Round> {
  // A turn is told when it is over.
  await nextTurn();
  turns?.longestMs();
  const delays = monitorEventLoopDelay({ resolution: gapResolutionMs });
  delays.enable();
  const start = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - start < roundMs) {
      await once();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, loop));
  const elapsedMs = performance.now() - start;
  delays.disable();
  // Whoever never lets the loop go on has paused it for the whole round.
  const gapMs = delays.count === 0 ? elapsedMs : Math.max(0, delays.max / 1e6 - gapResolutionMs);
  await nextTurn();
  const ownMs = turns?.longestMs() ?? Number.NaN;
  return { perSecond: (count / elapsedMs) * 1_000, gapMs, ownMs };
}

function median(samples: readonly number[]): number {
  return samples.toSorted((x, y) => x - y)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

/** The longest and the median of pauses, and how many are too long. */
function spread(pausesMs: readonly number[]): { max: number; median: number; long: number } {
  return {
    max: twoDigits(Math.max(...pausesMs)),
    median: twoDigits(median(pausesMs)),
    long: pausesMs.filter((pauseMs) => pauseMs > longPauseMs).length,
  };
}

function twoDigits(value: number): number {
  return Number(value.toFixed(2));
}

function print(name: string, result: object): void {
  if (flags.case !== undefined && flags.case !== name) return;
  process.stdout.write(`${JSON.stringify({ bench: "transaction", case: name, ...result })}\n`);
}
