// `pnpm bench [package…] [--options for the benches]`: runs bench/*.ts of the packages, and of other
// packages what they keep for these in bench/<package>/, because it needs what lies above. Lines of
// results go to standard output and into .cache/bench.json; all other output goes to standard error.
import { spawn } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseBenchLine } from "../bench-line.ts";
import { repositoryRoot } from "../repository.ts";
import { run, tool } from "../run.ts";

const args = process.argv.slice(2).filter((arg) => arg !== "--");
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const names = firstOption === -1 ? args : args.slice(0, firstOption);
const options = firstOption === -1 ? [] : args.slice(firstOption);

const benches = globSync("{packages,apps}/*/bench/{*,*/*}.ts", { cwd: repositoryRoot })
  .toSorted()
  .filter((path) => {
    const [, owner = "", , folder = "", file] = path.split(/[/\\]/);
    const topic = file === undefined ? owner : folder;
    return topic !== "support" && (names.length === 0 || names.includes(topic));
  });
if (benches.length === 0) throw new Error(`There is no bench of ${names.join(", ")}.`);

// An application is measured as it is shipped.
if (benches.some((path) => path.startsWith("apps")))
  await run(tool("turbo"), ["run", "build"], { output: "stderr" });

const lines: unknown[] = [];
let failed = 0;
for (const path of benches) if (!(await runBench(path))) failed += 1;

mkdirSync(join(repositoryRoot, ".cache"), { recursive: true });
writeFileSync(join(repositoryRoot, ".cache/bench.json"), `${JSON.stringify(lines, null, 2)}\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function runBench(path: string): Promise<boolean> {
  process.stderr.write(`── ${path}\n`);
  const child = spawn(process.execPath, ["--conditions=@atlas/source", path, ...options], {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once("close", (code) => resolve(code === 0));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const result = parseBenchLine(line);
    if (result !== undefined) lines.push(result);
    (result === undefined ? process.stderr : process.stdout).write(`${line}\n`);
  }
  return ended;
}
