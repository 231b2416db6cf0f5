import { setTimeout } from "node:timers/promises";
import type { ElicitRequestFormParams, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod/v4";

/** Milliseconds between two log lines, as the suite asks for. */
const pauseMs = 50;

type FormSchema = ElicitRequestFormParams["requestedSchema"];

const userSchema: FormSchema = {
  type: "object",
  properties: {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  },
  required: ["username", "email"],
};

const defaultsSchema: FormSchema = {
  type: "object",
  properties: {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  },
};

const options = ["option1", "option2", "option3"];
const titled = [
  { const: "value1", title: "First" },
  { const: "value2", title: "Second" },
  { const: "value3", title: "Third" },
];

const enumsSchema: FormSchema = {
  type: "object",
  properties: {
    untitledSingle: { type: "string", enum: options },
    titledSingle: { type: "string", oneOf: titled },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: options } },
    titledMulti: { type: "array", items: { anyOf: titled } },
  },
};

/** What only the 2025 protocols have: requests to the client, log levels, subscriptions. */
export function registerLegacyFixtures(server: McpServer): void {
  server.server.registerCapabilities({ logging: {}, resources: { subscribe: true } });
  for (const method of ["resources/subscribe", "resources/unsubscribe"] as const)
    server.server.setRequestHandler(method, () => ({}));
  registerLogging(server);
  server.registerTool(
    "test_sampling",
    { description: "Asks the model", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.requestSampling({
        messages: [{ role: "user", content: { type: "text", text: prompt } }],
        maxTokens: 100,
      });
      return { content: [{ type: "text", text: `LLM response: ${JSON.stringify(content)}` }] };
    },
  );
  server.registerTool(
    "test_elicitation",
    { description: "Asks the user", inputSchema: z.object({ message: z.string() }) },
    async ({ message }, { mcpReq }) =>
      answer(await mcpReq.elicitInput({ message, requestedSchema: userSchema })),
  );
  for (const [name, requestedSchema] of [
    ["test_elicitation_sep1034_defaults", defaultsSchema],
    ["test_elicitation_sep1330_enums", enumsSchema],
  ] as const)
    server.registerTool(name, { description: "Asks the user with a form" }, async ({ mcpReq }) =>
      answer(await mcpReq.elicitInput({ message: "Please fill in", requestedSchema })),
    );
}

function registerLogging(server: McpServer): void {
  for (const name of ["test_tool_with_logging", "test_logging_tool"])
    server.registerTool(name, { description: "Logs while it works" }, async ({ mcpReq }) => {
      for (const line of ["started", "processing data", "completed"]) {
        await mcpReq.log("info", `Tool execution ${line}`);
        await setTimeout(pauseMs);
      }
      return { content: [{ type: "text", text: "Done." }] };
    });
}

function answer({ action, content }: { readonly action: string; readonly content?: unknown }): {
  content: [{ type: "text"; text: string }];
} {
  const text = `Elicitation completed: action=${action}, content=${JSON.stringify(content)}`;
  return { content: [{ type: "text", text }] };
}
