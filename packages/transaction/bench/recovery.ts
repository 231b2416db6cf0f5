/**
 * Milliseconds from opening a store to having it in order, after its process
 * was killed: 1,000 staged files, half of them of committed transactions, and
 * 100 open sagas, beside 10,000 to 1,000,000 tasks.
 *
 * Each round kills one process with SIGKILL in the middle of that work and
 * starts another one, which opens the store and recovers it; figures are
 * medians of the rounds, `slowest` is the worst one. The peer is the bound.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { leaveUnfinished } from "./support/leave-unfinished.ts";
import { type RecoveryTimes, recoverStore } from "./support/recover-store.ts";
import { createTaskStore } from "./support/task-store.ts";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    rounds: { type: "string", default: "5" },
    /** Of benches with rounds of a given length. */
    ms: { type: "string" },
    /** Set by the program itself: what a process of it does, and where. */
    task: { type: "string", default: "measure" },
    in: { type: "string", default: "" },
  },
});
const taskCounts = [10_000, 100_000, 1_000_000];
const boundMs = 1_000;
const ready = "ready\n";
const [database, files] = [join(flags.in, "tasks.db"), join(flags.in, "files")];

if (flags.task === "leave") {
  // Keeps the process alive until it is killed.
  setInterval(() => undefined, 60_000);
  await leaveUnfinished(database, files);
  process.stdout.write(ready);
} else if (flags.task === "recover") {
  process.stdout.write(`${JSON.stringify(await recoverStore(database, files))}\n`);
} else {
  for (const count of taskCounts) {
    const name = `recovery-${count}`;
    if (flags.case === undefined || flags.case === name) await runCase(name, count);
  }
}

async function runCase(name: string, tasks: number): Promise<void> {
  const directory = mkdtempSync(join(process.env["ATLAS_BENCH_DIR"] ?? tmpdir(), "atlas-bench-"));
  try {
    const store = join(directory, "tasks.db");
    await createTaskStore(store, tasks);
    const rounds: RecoveryTimes[] = [];
    for (let round = 0; round < Number(flags.rounds); round += 1) {
      mkdirSync(join(directory, "files"));
      const left = await runChild("leave", directory);
      assert.deepEqual(left, { output: ready, signal: "SIGKILL" });
      const recovered = await runChild("recover", directory);
      assert.equal(recovered.signal, null);
      rounds.push(JSON.parse(recovered.output) as RecoveryTimes);
      rmSync(join(directory, "files"), { recursive: true });
    }
    print(name, rounds, statSync(store).size);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Ended {
  readonly output: string;
  readonly signal: NodeJS.Signals | null;
}

/** Runs this program for one task; it is killed at once when it says that it is ready for it. */
function runChild(task: "leave" | "recover", directory: string): Promise<Ended> {
  const program = [...process.execArgv, import.meta.filename];
  const child = spawn(process.execPath, [...program, `--task=${task}`, `--in=${directory}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output === ready) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_, signal) => resolve({ output, signal }));
  });
}

function print(name: string, rounds: readonly RecoveryTimes[], bytes: number): void {
  const middle = (of: (times: RecoveryTimes) => number): number =>
    twoDigits(rounds.map(of).toSorted((x, y) => x - y)[rounds.length >> 1] ?? Number.NaN);
  const whole = (times: RecoveryTimes): number => times.database + times.parts + times.recover;
  const atlas = middle(whole);
  const result = {
    bench: "transaction",
    case: name,
    atlas,
    peer: boundMs,
    peerName: "the bound of the requirement",
    unit: "ms",
    ratio: twoDigits(boundMs / atlas),
    slowest: twoDigits(Math.max(...rounds.map(whole))),
    openDatabase: middle((times) => times.database),
    openParts: middle((times) => times.parts),
    recover: middle((times) => times.recover),
    files: middle((times) => times.files),
    sagas: middle((times) => times.sagas),
    processor: middle((times) => times.processor),
    /** Processes that want a processor, others included, in the last minute. */
    load: twoDigits(loadavg()[0] ?? Number.NaN),
    megabytes: Math.round(bytes / 2 ** 20),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function twoDigits(value: number): number {
  return Number(value.toFixed(2));
}
