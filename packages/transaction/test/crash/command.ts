// `pnpm crash --rounds N --seed S`: the crash suite for as long as one likes.
import { parseArgs } from "node:util";
import { describeCrashes, runCrashes } from "./run-crashes.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    rounds: { type: "string", default: "5000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const figures = await runCrashes({ rounds: Number(values.rounds), seed });
process.stdout.write(`${describeCrashes(figures, seed)}\n`);
for (const contradiction of figures.contradictions.slice(0, 50))
  process.stdout.write(`  ${contradiction}\n`);
process.exitCode = figures.contradictions.length === 0 ? 0 : 1;
