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
 *   the pauses that the machine makes by itself.
 *
 * Both sides run in turns in one process. The ratio is the median of the ratios
 * of the rounds, so that what slows one round down slows both sides of it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  openAtlas,
  openRaw,
  settings,
  synchronousOf,
  type Setting,
  type Side,
} from "./support/sides.ts";
import { runWithSlowDisk } from "./support/slow-disk.ts";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    rounds: { type: "string", default: "30" },
    ms: { type: "string", default: "150" },
    /** Set by the program itself when it runs with a slower disk. */
    slower: { type: "string", default: "0" },
  },
});
const rounds = Number(flags.rounds);
const roundMs = Number(flags.ms);
const slowerMs = Number(flags.slower);
const callerCounts = [1, 8, 64, 256];
/** The first rounds fill caches, compile, and bring the log to the size it keeps. */
const warmUpRounds = Math.ceil(3_000 / roundMs);
const gapResolutionMs = 1;
const longGapMs = 5;

interface Case {
  readonly name: string;
  readonly callers: number;
  readonly setting: Setting;
}

/** One round of one side. */
interface Round {
  readonly perSecond: number;
  readonly gapMs: number;
}

const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
try {
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
  if (slowerMs === 0) for (const ms of [1, 5]) runSlower(ms);
} finally {
  rmSync(directory, { recursive: true });
}

function isWanted(name: string): boolean {
  return flags.case === undefined || flags.case === name || flags.case === gapName(name);
}

function gapName(name: string): string {
  return name.replace(/^durable/, "loop-gap").replace(/^relaxed/, "loop-gap-relaxed");
}

function runSlower(ms: number): void {
  if (flags.case !== undefined && !flags.case.endsWith(`-sync${ms}ms`)) return;
  const { case: wanted, slower: _, ...pace } = flags;
  const given = Object.entries({ ...pace, slower: String(ms), ...(wanted && { case: wanted }) });
  if (
    runWithSlowDisk(
      directory,
      ms,
      given.map(([name, value]) => `--${name}=${value}`),
    )
  )
    return;
  process.stderr.write(`The cases with ${ms} ms more per sync need Linux and a C compiler.\n`);
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
  const machine: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    // Whoever comes first in a round may find the disk in another state.
    const first = round % 2 === 0 ? await runRound(atlas, callers) : undefined;
    const other = await runRound(peer, callers);
    const result = { atlas: first ?? (await runRound(atlas, callers)), peer: other };
    if (round < 0) continue;
    results.push(result);
    machine.push((await runRound({ once: () => sleep(roundMs) }, 1)).gapMs);
  }
  const peerName = `better-sqlite3 ${synchronousOf(setting)}`;
  print(name, {
    atlas: Math.round(median(results.map((result) => result.atlas.perSecond))),
    peer: Math.round(median(results.map((result) => result.peer.perSecond))),
    peerName,
    unit: "tx/s",
    ratio: twoDigits(median(results.map((r) => r.atlas.perSecond / r.peer.perSecond))),
  });
  const [gap, peerGap] = [
    Math.max(...results.map((result) => result.atlas.gapMs)),
    Math.max(...results.map((result) => result.peer.gapMs)),
  ];
  print(gapName(name), {
    atlas: twoDigits(gap),
    peer: twoDigits(peerGap),
    peerName,
    unit: "ms",
    ratio: twoDigits(peerGap / gap),
    median: twoDigits(median(results.map((result) => result.atlas.gapMs))),
    long: longOnes(results.map((result) => result.atlas.gapMs)),
    machine: twoDigits(Math.max(...machine)),
    machineMedian: twoDigits(median(machine)),
    machineLong: longOnes(machine),
  });
}

async function runRound({ once }: Pick<Side, "once">, callers: number): Promise<Round> {
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
  return { perSecond: (count / elapsedMs) * 1_000, gapMs };
}

function median(samples: readonly number[]): number {
  return samples.toSorted((x, y) => x - y)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

function longOnes(gapsMs: readonly number[]): number {
  return gapsMs.filter((gapMs) => gapMs > longGapMs).length;
}

function twoDigits(value: number): number {
  return Number(value.toFixed(2));
}

function print(name: string, result: object): void {
  if (flags.case !== undefined && flags.case !== name) return;
  process.stdout.write(`${JSON.stringify({ bench: "transaction", case: name, ...result })}\n`);
}
