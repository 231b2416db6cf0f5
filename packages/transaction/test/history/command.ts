// `pnpm history --transactions N --seed S`: the history check for as long as one likes.
import { parseArgs } from "node:util";
import { describeHistory, runHistory } from "./run-history.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    transactions: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    fault: { type: "string" },
  },
});
const options = { transactions: Number(values.transactions), seed: Number(values.seed) };
const figures = await runHistory(
  values.fault === undefined ? options : { ...options, fault: values.fault as never },
);
process.stdout.write(`${describeHistory(figures, options)}\n`);
for (const anomaly of figures.anomalies.slice(0, 20)) process.stdout.write(`  ${anomaly}\n`);
process.exitCode = figures.anomalies.length === 0 ? 0 : 1;
