/**
 * From the start of the process to the answer to `initialize`, over stdio:
 * Atlas as it is shipped against a bare server on the same SDK. `start` is what
 * every start but the first takes; `start-first` begins with an empty data
 * directory, where no compiled code is kept yet. The starts alternate; the
 * medians count.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareServer, builtProgram, openSession, printTimes } from "./support/stdio-session.ts";

const rounds = 15;

const directory = mkdtempSync(join(tmpdir(), "atlas-bench-"));
try {
  const first: number[] = [];
  const again: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const data = join(directory, `data-${round}`);
    first.push(await startOf([builtProgram, "mcp", "--data", data], "and open the store"));
    again.push(await startOf([builtProgram, "mcp", "--data", data]));
    peer.push(await startOf([bareServer, join(directory, "lines.jsonl")]));
  }
  const peerName = "bare MCP SDK server";
  printTimes("start", { atlas: again, peer }, peerName);
  printTimes("start-first", { atlas: first, peer }, peerName);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function startOf(args: readonly string[], then?: "and open the store"): Promise<number> {
  await using session = await openSession(args);
  // A call waits for the store, so that the whole program has been compiled at the end.
  if (then !== undefined) await session.ask("tools/call", { name: "task_list", arguments: {} });
  return session.startMs;
}
