import { spawn } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./repository.ts";

/** How a command of this repository is run. */
export interface RunOptions {
  /** Default: the root of the repository. */
  readonly cwd?: string;
  /** Where its output goes: to the terminal, to `output`, or to standard error. Default: inherit. */
  readonly output?: "inherit" | "capture" | "stderr";
}

/** How a command ended. */
export interface RunResult {
  readonly ok: boolean;
  /** Both of its streams in the order of their arrival, when captured; else "". */
  readonly output: string;
}

/** Runs a program to its end; a program that cannot be started counts as failed. */
export function run(
  command: string,
  args: readonly string[],
  { cwd = repositoryRoot, output = "inherit" }: RunOptions = {},
): Promise<RunResult> {
  const streams = { inherit: "inherit", capture: "pipe", stderr: 2 } as const;
  const stdio = ["ignore", streams[output], output === "stderr" ? 2 : streams[output]] as const;
  const child = spawn(command, args, {
    cwd,
    stdio: [...stdio],
    shell: process.platform === "win32",
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => void chunks.push(chunk));
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ ok: false, output: message }));
    child.once("close", (code) => resolve({ ok: code === 0, output: chunks.join("") }));
  });
}

/** The path of a tool that is installed at the root. */
export function tool(name: string): string {
  return join(repositoryRoot, "node_modules", ".bin", name);
}

/** Runs `work` over every item, a few at a time; results come in the order of the items. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lanes = Array.from({ length: concurrency }, async () => {
    // Lanes share one iterator, so that each item is taken once.
    for (const [index, item] of queue) results[index] = await work(item);
  });
  await Promise.all(lanes);
  return results;
}
