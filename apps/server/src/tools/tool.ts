import type { Task, TaskManager } from "@atlas/tasks";
import type * as z from "zod/v4";
import { compactJsonSchema, type JsonSchema } from "./compact-json-schema.ts";
import { parseArguments } from "./parse-arguments.ts";

/** What the handlers of tools work with; the same for MCP and the command line. */
export interface ToolServices {
  readonly tasks: TaskManager;
  readonly describeSystem: () => Promise<SystemStatus>;
}

/** What is true of one call. */
export interface ToolCall {
  /** Who acts when the arguments do not say it; never empty. */
  readonly actor: string;
  readonly leases: LeasePolicy;
}

/** How long claims hold on one way into the server. */
export interface LeasePolicy {
  /** Milliseconds that a claim holds unless the call says otherwise. */
  readonly leaseMs: number;
  /** Hears of tasks that were claimed, or renewed, for `leaseMs`. */
  readonly held: (tasks: readonly Task[]) => void;
  /** Hears of tasks that were claimed, or renewed, for a time the caller chose. */
  readonly ownTime: (tasks: readonly Task[]) => void;
  /** Hears of changed tasks, whose leases may have ended. */
  readonly seen: (tasks: readonly Task[]) => void;
}

/** Numbers and facts about a running server and its store. */
export interface SystemStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly data: string;
  readonly tasks: object;
  readonly store: object;
}

/** What a tool answers with: the structured result, fit for JSON. */
export type ToolResult = Readonly<Record<string, unknown>>;

/** What a tool does to the world, for the clients that ask before they call. */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** One tool: described for people, models and programs, and run the same way for all of them. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly hints: ToolHints;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  /**
   * Checks the arguments and does the work.
   *
   * @throws {AtlasError} validation.failed, and what the task manager throws.
   */
  run(given: unknown, services: ToolServices, call: ToolCall): Promise<ToolResult>;
}

/** A tool with a typed handler. */
export interface ToolDefinition<Schema extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  /** What it does, when to use it, what surprises. Models pay for each word. */
  readonly description: string;
  readonly hints: ToolHints;
  /**
   * The form of the arguments only. Lengths and counts are the task manager's to
   * check: its messages name the bound, and each bound here would cost tokens in
   * every conversation.
   */
  readonly input: Schema;
  readonly outputSchema: JsonSchema;
  readonly handle: (
    given: z.output<Schema>,
    services: ToolServices,
    call: ToolCall,
  ) => Promise<ToolResult>;
}

/** The hints of a tool that only reads. */
export const readOnly: ToolHints = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** Makes a tool; its JSON schema is computed when somebody first asks for it, and kept. */
export function defineTool<Schema extends z.ZodType>(definition: ToolDefinition<Schema>): Tool {
  const { name, title, description, hints, input, outputSchema, handle } = definition;
  let inputSchema: JsonSchema | undefined;
  return Object.freeze({
    name,
    title,
    description,
    hints,
    get inputSchema() {
      return (inputSchema ??= compactJsonSchema(input));
    },
    outputSchema,
    // `async` turns a refusal of the arguments into a rejection as well.
    run: async (given: unknown, services: ToolServices, call: ToolCall) =>
      handle(parseArguments(name, input, given), services, call),
  });
}
