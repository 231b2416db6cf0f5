/**
 * The time of one durable `task_create` over stdio: Atlas as it is shipped
 * against a bare server that appends a line and syncs it. The calls alternate,
 * so that both sides meet the same machine; the medians count.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareServer, builtProgram, openSession, printTimes } from "./support/stdio-session.ts";

const warmUpCalls = 50;
const measuredCalls = 500;

const directory = mkdtempSync(join(tmpdir(), "atlas-bench-"));
try {
  await using atlas = await openSession([builtProgram, "mcp", "--data", join(directory, "data")]);
  await using peer = await openSession([bareServer, join(directory, "lines.jsonl")]);
  const times = { atlas: [] as number[], peer: [] as number[] };
  for (let call = -warmUpCalls; call < measuredCalls; call += 1) {
    const params = { name: "task_create", arguments: { tasks: [{ name: `Task ${call}` }] } };
    const atlasMs = await atlas.ask("tools/call", params);
    const peerMs = await peer.ask("tools/call", params);
    if (call < 0) continue;
    times.atlas.push(atlasMs);
    times.peer.push(peerMs);
  }
  printTimes("create-stdio", times, "bare MCP SDK server, append and fsync");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
