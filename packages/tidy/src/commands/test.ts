// `pnpm test [package…]`: runs the tests of every package, two packages at a time, and ends with
// the totals over all of them. What tests need built is built by the script that calls this.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readRepository, repositoryRoot } from "../repository.ts";
import { mapConcurrently, run, tool } from "../run.ts";
import { formatTotals, sumOf, type TestReport, type Totals, totalsOf } from "../test-totals.ts";
import { isAsked, type WorkspacePackage } from "../workspace.ts";

const concurrency = 2;
const reportFile = ".cache/test-report.json";
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];

const asked = process.argv.slice(2);
const tested = readRepository()
  .packages.filter(({ manifest }) => manifest.scripts?.["test"] !== undefined)
  .filter((owner) => isAsked(owner, asked));

const results = await mapConcurrently(tested, concurrency, async (owner) => ({
  name: owner.manifest.name,
  totals: await testPackage(owner),
}));

for (const { name, totals } of results)
  process.stdout.write(`${name.padEnd(20)} ${formatTotals(totals)}\n`);
const sum = sumOf(results.map(({ totals }) => totals));
process.stdout.write(`${formatTotals(sum)}\n`);
process.exitCode = sum.failed === 0 ? 0 : 1;

/** Runs one package's tests and shows their output in one piece. */
async function testPackage({ folder, manifest }: WorkspacePackage): Promise<Totals> {
  process.stdout.write(`▸ ${manifest.name}\n`);
  const cwd = join(repositoryRoot, folder);
  const report = join(cwd, reportFile);
  rmSync(report, { force: true });
  const result = await run(tool("vitest"), ["run", ...reporters], { cwd, output: "capture" });
  process.stdout.write(`\n── ${manifest.name}\n${result.output}\n`);
  return totalsOf(readReport(report), result.ok);
}

function readReport(path: string): TestReport | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TestReport) : undefined;
}
