import { McpServer, type ServerContext, type ServerOptions } from "@modelcontextprotocol/server";
import { allTools } from "../tools/all-tools.ts";
import type { LeasePolicy, Tool, ToolServices } from "../tools/tool.ts";
import { actorOf } from "./actor-of.ts";
import { instructions } from "./instructions.ts";
import { planArguments, planPrompt } from "./plan-prompt.ts";
import { advertised } from "./advertised-schema.ts";
import { readTask, taskTemplate } from "./task-resource.ts";
import { toolFailure, toolSuccess } from "./tool-result.ts";

/** What every MCP server of this process shares. */
export interface McpSurroundings {
  readonly version: string;
  /** Resolves when the store is open; rejects with the reason when it cannot be. */
  readonly services: () => Promise<ToolServices>;
  readonly leases: LeasePolicy;
  /** Acts when the arguments name nobody; `null` for the name of the client. */
  readonly actor: string | null;
  /** Acts when the client has no name either. */
  readonly fallbackActor: string;
  /** Runs a call so that a stop waits for it. */
  readonly track: <T>(call: () => Promise<T>) => Promise<T>;
  /** Hears of failures that are not the caller's. */
  readonly onFailure: (tool: string, error: unknown) => void;
}

const hour = 3_600_000;

/** Lists change with the program only, so any cache may keep them. */
const listHint = { ttlMs: hour, cacheScope: "public" } as const;

/** What every server says of itself. */
export const mcpServerOptions: ServerOptions = {
  instructions,
  capabilities: {
    tools: { listChanged: false },
    prompts: { listChanged: false },
    resources: { listChanged: false },
  },
  cacheHints: {
    "tools/list": listHint,
    "prompts/list": listHint,
    "resources/templates/list": listHint,
    "server/discover": listHint,
  },
};

/** Makes a server for one connection over stdio, or one request or session over HTTP. */
export function createMcpServer(surroundings: McpSurroundings): McpServer {
  const { version } = surroundings;
  const server = new McpServer({ name: "atlas", title: "Atlas", version }, mcpServerOptions);
  registerAtlas(server, surroundings);
  return server;
}

/** Registers tools, resource and prompt; every schema was made when its module was loaded. */
export function registerAtlas(server: McpServer, surroundings: McpSurroundings): void {
  for (const tool of allTools) registerTool(server, tool, surroundings);
  const tasks = async (): Promise<ToolServices["tasks"]> => (await surroundings.services()).tasks;
  server.registerResource(
    "task",
    taskTemplate(tasks),
    { title: "Task", description: "A task with everything", mimeType: "application/json" },
    async (uri) => readTask(await tasks(), uri),
  );
  server.registerPrompt(
    "plan",
    {
      title: "Plan a goal",
      description: "Plan a goal as a tree of tasks with dependencies",
      argsSchema: planArguments,
    },
    planPrompt,
  );
}

function registerTool(server: McpServer, tool: Tool, surroundings: McpSurroundings): void {
  const { name, title, description, hints } = tool;
  const run = async (
    given: unknown,
    context: ServerContext,
  ): Promise<ReturnType<typeof toolSuccess>> => {
    const { leases, services, track, onFailure } = surroundings;
    try {
      const call = { actor: actorOf(server, context, surroundings), leases };
      return await track(async () => toolSuccess(await tool.run(given, await services(), call)));
    } catch (error) {
      onFailure(name, error);
      return toolFailure(error);
    }
  };
  const { input, output } = advertised(tool);
  server.registerTool(
    name,
    { title, description, annotations: { ...hints }, inputSchema: input, outputSchema: output },
    run,
  );
}
