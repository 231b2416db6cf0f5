// `pnpm faults --places N --step S --transactions T`: the fault suite with as many places as one likes.
import { parseArgs } from "node:util";
import { describeFaults, faultPlans, runFaults } from "./run-faults.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    places: { type: "string", default: "1000" },
    step: { type: "string", default: "1" },
    transactions: { type: "string", default: "90" },
  },
});
const cases = await runFaults(
  faultPlans({
    places: Number(values.places),
    step: Number(values.step),
    transactions: Number(values.transactions),
  }),
);
process.stdout.write(`${describeFaults(cases)}\n`);
const bad = cases.filter(({ contradictions, resumed }) => contradictions.length > 0 || !resumed);
for (const { plan, n, fired, contradictions } of bad.slice(0, 50))
  process.stdout.write(`  ${JSON.stringify(plan)} ${n} ${fired[0]}: ${contradictions.join(" ")}\n`);
process.exitCode = bad.length === 0 ? 0 : 1;
