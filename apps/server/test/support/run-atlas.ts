import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The program from its sources, as a child process runs it. */
export const program: readonly string[] = [
  "--conditions=@atlas/source",
  fileURLToPath(new URL("../../src/main.ts", import.meta.url)),
];

/** The surroundings of a child: those of this process without settings of Atlas. */
export function childEnvironment(env: NodeJS.ProcessEnv = {}): Record<string, string> {
  const all = { ...process.env, NODE_OPTIONS: "", ...env };
  const entries = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith("ATLAS_") || name in env));
}

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runAtlas(
  args: readonly string[],
  { input, env }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const child = startAtlas(args, env);
  child.stdin?.end(input ?? "");
  return finished(child);
}

/** Starts a command. */
export function startAtlas(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [...program, ...args], {
    env: childEnvironment(env),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Waits for the end of a command. */
export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
