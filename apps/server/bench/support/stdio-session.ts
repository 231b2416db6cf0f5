import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The command as it is shipped. */
export const builtProgram: string = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** The peer. */
export const bareServer: string = fileURLToPath(new URL("bare-server.js", import.meta.url));

/** A conversation with an MCP server over stdio, one request at a time. */
export interface StdioSession extends AsyncDisposable {
  /** Milliseconds from the start of the process to the answer to `initialize`. */
  readonly startMs: number;
  /** Sends a request and resolves with the milliseconds until its answer. */
  readonly ask: (method: string, params: object) => Promise<number>;
}

/** Starts a server and initializes the connection. */
export async function openSession(args: readonly string[]): Promise<StdioSession> {
  const begun = performance.now();
  const child = spawn(process.execPath, [...args], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let id = 0;
  const ask = async (method: string, params: object): Promise<number> => {
    const asked = performance.now();
    id += 1;
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    const { value } = (await answers.next()) as { value: string | undefined };
    const answer = JSON.parse(value ?? "{}") as { error?: unknown; result?: { isError?: boolean } };
    if (answer.result === undefined || answer.result.isError === true)
      throw new Error(`The server answered ${value}`);
    return performance.now() - asked;
  };
  await ask("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "bench", version: "1.0.0" },
  });
  const startMs = performance.now() - begun;
  child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
  return { startMs, ask, [Symbol.asyncDispose]: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.stdin?.end();
  });
}

/** The value in the middle. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Prints one comparison of times; the ratio is in speed, so more is better for Atlas. */
export function printTimes(
  name: string,
  { atlas, peer }: { readonly atlas: readonly number[]; readonly peer: readonly number[] },
  peerName: string,
): void {
  const [atlasMs, peerMs] = [median(atlas), median(peer)];
  const line = {
    bench: "server",
    case: name,
    atlas: round(atlasMs),
    peer: round(peerMs),
    peerName,
    unit: "ms",
    ratio: round(peerMs / atlasMs),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
