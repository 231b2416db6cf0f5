/**
 * The first 20 tasks that can be worked on, of 1,000,000 tasks with 2,400,000
 * dependencies, against the same question to a store of 10,000. Both stores are
 * asked in turns. Prints one JSON line; `growth` says how many times longer the
 * large store takes.
 */
import { parseArgs } from "node:util";
import { type GeneratedStore, openGeneratedStore } from "./support/generated-store.ts";
import { median } from "./support/median.ts";

const { values: given } = parseArgs({
  options: { case: { type: "string" }, large: { type: "string", default: "1000000" } },
});
const smallSize = 10_000;
const [warmUpRounds, rounds, callsPerRound] = [10, 100, 20];
const wanted = 20;

if (given.case === undefined || given.case === "ready-20") await run();

async function run(): Promise<void> {
  await using small = await openGeneratedStore(smallSize);
  const findings = await small.tasks.verify();
  if (findings.length > 0)
    throw new Error(`The generated store is unsound: ${JSON.stringify(findings[0])}`);
  await using large = await openGeneratedStore(Number(given.large));

  const times: { readonly small: number[]; readonly large: number[] } = { small: [], large: [] };
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const [smallUs, largeUs] = [await ask(small), await ask(large)];
    if (round < 0) continue;
    times.small.push(smallUs);
    times.large.push(largeUs);
  }
  const [smallUs, largeUs] = [median(times.small), median(times.large)];
  const line = {
    bench: "tasks",
    case: "ready-20",
    atlas: Math.round(largeUs),
    peer: Math.round(smallUs),
    peerName: `the same in a store of ${small.taskCount} tasks`,
    unit: "us",
    ratio: Number((smallUs / largeUs).toFixed(3)),
    growth: Number((largeUs / smallUs).toFixed(3)),
    tasks: large.taskCount,
    dependencies: large.dependencyCount,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Microseconds of one call. */
async function ask({ tasks }: GeneratedStore): Promise<number> {
  const startedAt = performance.now();
  for (let call = 0; call < callsPerRound; call += 1) {
    const found = await tasks.next({ count: wanted });
    if (found.length !== wanted) throw new Error(`Only ${found.length} tasks were ready.`);
  }
  return ((performance.now() - startedAt) * 1_000) / callsPerRound;
}
