// `pnpm power-loss --images N --seed S`: the power-loss suite for as long as one likes.
import { parseArgs } from "node:util";
import { describePowerLosses, runPowerLosses } from "./run-power-losses.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    images: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    fault: { type: "string" },
  },
});
const options = { images: Number(values.images), seed: Number(values.seed) };
const figures = await runPowerLosses(
  values.fault === undefined ? options : { ...options, fault: values.fault as never },
);
process.stdout.write(`${describePowerLosses(figures, options)}\n`);
for (const contradiction of figures.contradictions) process.stdout.write(`  ${contradiction}\n`);
process.exitCode = figures.bad === 0 ? 0 : 1;
