// The peer of the benches: the least an MCP server over stdio can be that keeps what it
// acknowledges. Same SDK, one tool, one line appended and synced per call.
import { fsyncSync, openSync, writeSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import * as z from "zod/v4";

const file = openSync(process.argv[2] ?? "", "a");
const inputSchema = z.object({ tasks: z.array(z.object({ name: z.string() })) });

serveStdio(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool("task_create", { description: "Appends tasks", inputSchema }, (given) => {
    writeSync(file, `${JSON.stringify(given)}\n`);
    fsyncSync(file);
    return { content: [{ type: "text", text: "{}" }] };
  });
  return server;
});
