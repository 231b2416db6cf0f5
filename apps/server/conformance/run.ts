/**
 * Runs the official conformance suite of the protocol against the real HTTP
 * server: the transport, guards and handlers that ship, with fixtures beside
 * the tools. Exits 0 only when both revisions pass.
 *
 * The suite can send no token, so this entry alone serves without one, on a
 * free port of the loopback address; no setting can ask for that.
 */
import "reflect-metadata";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger } from "@atlas/monitoring";
import { McpServer } from "@modelcontextprotocol/server";
import { compose } from "../src/compose.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { startHttpServer } from "../src/http/start-http-server.ts";
import { mcpServerOptions, registerAtlas } from "../src/mcp/create-mcp-server.ts";
import { fixedLeases } from "../src/mcp/lease-keeper.ts";
import { readVersion } from "../src/version.ts";
import { registerFixtures } from "./fixtures.ts";
import { requestState } from "./input-fixtures.ts";

const revisions = ["2025-11-25", "2026-07-28"];

const dataDirectory = mkdtempSync(join(tmpdir(), "atlas-conformance-"));
try {
  process.exitCode = await main();
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const inputs = { dataDirectory, workingDirectory: process.cwd(), flags: {}, env: {} };
  const { config, origins } = loadConfig(inputs);
  const logger = createLogger((line) => process.stderr.write(line), { level: "error" });
  const version = readVersion();
  await using application = await compose({ config, origins, dataDirectory, logger, version });
  const server = await startHttpServer({
    host: config.host,
    port: 0,
    allowedHosts: [],
    bodyMaxBytes: config.bodyMaxBytes,
    authorize: () => true,
    createMcpServer() {
      const mcp = new McpServer(
        { name: "atlas", version },
        { ...mcpServerOptions, requestState: { verify: requestState.verify } },
      );
      registerAtlas(mcp, {
        version,
        services: () => Promise.resolve(application),
        leases: fixedLeases(config.leaseMs),
        actor: null,
        fallbackActor: "conformance",
        track: (call) => call(),
        onFailure: () => {},
      });
      registerFixtures(mcp);
      return mcp;
    },
    checkReadiness: () => application.checkReadiness(),
    onFailure: () => {},
  });
  let failed = 0;
  for (const revision of revisions) failed += await runSuite(server.url, revision);
  await server.close();
  return failed === 0 ? 0 : 1;
}

/** Runs one revision, prints its last lines and answers 0 when it passed. */
async function runSuite(url: string, revision: string): Promise<0 | 1> {
  const manifest = import.meta.resolve("@modelcontextprotocol/conformance/package.json");
  const program = fileURLToPath(new URL("dist/index.js", manifest));
  const child = spawn(
    process.execPath,
    [program, "server", "--url", url, "--requirements", revision],
    { stdio: ["ignore", "pipe", "pipe"], cwd: dataDirectory },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  const report = process.argv.includes("--verbose") ? output : summaryOf(output);
  process.stdout.write(`${revision}: ${code === 0 ? "passed" : "FAILED"}\n${report}\n`);
  return code === 0 ? 0 : 1;
}

/** One line of counts, and one per scenario that failed, with why it is not scored if so. */
function summaryOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const scenarios = lines.filter((line) => /: \d+ passed, \d+ failed/.test(line));
  const passed = scenarios.filter((line) => line.startsWith("✓"));
  const total = lines.find((line) => line.startsWith("Total:")) ?? "";
  const unscored = lines.filter((line) => /^✗ \S+ \(/.test(line));
  return [
    `  ${passed.length} of ${scenarios.length} scenarios passed (checks: ${total.slice(7)})`,
    ...scenarios.filter((line) => line.startsWith("✗")).map((line) => `  ${line}`),
    ...(unscored.length > 0
      ? [`  not scored: ${unscored.map((line) => line.slice(2)).join(", ")}`]
      : []),
  ].join("\n");
}
