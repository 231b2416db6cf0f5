import { createLogger } from "@atlas/monitoring";
import type { Application } from "../../src/application.ts";
import { compose } from "../../src/compose.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { fixedLeases } from "../../src/mcp/lease-keeper.ts";
import type { Tool, ToolCall, ToolResult } from "../../src/tools/tool.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A real store in a directory of its own, with everything over it. */
export interface TestStore extends AsyncDisposable {
  readonly application: Application;
  readonly dataDirectory: string;
  /** Runs a tool as somebody called "tester". */
  readonly call: (tool: Tool, given: unknown, call?: Partial<ToolCall>) => Promise<ToolResult>;
}

/** Opens a store; in `dataDirectory` when it is given, which then stays. */
export async function openStore(dataDirectory?: string): Promise<TestStore> {
  const directory = temporaryDirectory();
  const path = dataDirectory ?? directory.path;
  const loaded = loadConfig({ dataDirectory: path, workingDirectory: path, flags: {}, env: {} });
  const logger = createLogger(() => {}, { level: "silent" });
  const application = await compose({ ...loaded, dataDirectory: path, logger, version: "0.0.0" });
  return {
    application,
    dataDirectory: path,
    call: (tool, given, call) =>
      tool.run(given, application, { actor: "tester", leases: fixedLeases(900_000), ...call }),
    async [Symbol.asyncDispose]() {
      await application[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}
