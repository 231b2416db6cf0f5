import { setTimeout } from "node:timers/promises";
import {
  completable,
  type ContentBlock,
  type McpServer,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import * as z from "zod/v4";

/** A red pixel. */
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** A WAV file without a sound in it. */
const wav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

const image: ContentBlock = { type: "image", data: png, mimeType: "image/png" };

const contents: Readonly<Record<string, readonly ContentBlock[]>> = {
  test_simple_text: [{ type: "text", text: "This is a simple text response for testing." }],
  test_image_content: [image],
  test_audio_content: [{ type: "audio", data: wav, mimeType: "audio/wav" }],
  test_embedded_resource: [
    {
      type: "resource",
      resource: {
        uri: "test://embedded-resource",
        mimeType: "text/plain",
        text: "This is an embedded resource content.",
      },
    },
  ],
  test_multiple_content_types: [
    { type: "text", text: "Multiple content types test:" },
    image,
    {
      type: "resource",
      resource: {
        uri: "test://mixed-content-resource",
        mimeType: "application/json",
        text: JSON.stringify({ test: "data", value: 123 }),
      },
    },
  ],
};

/** Milliseconds between two notifications, as the suite asks for. */
const pauseMs = 50;

/** Tools with fixed contents, resources and prompts. */
export function registerContentFixtures(server: McpServer): void {
  for (const [name, content] of Object.entries(contents))
    server.registerTool(name, { description: `Answers with ${name}` }, () => ({
      content: [...content],
    }));
  server.registerTool("test_error_handling", { description: "Always fails" }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  server.registerTool(
    "test_tool_with_progress",
    { description: "Reports its progress" },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined)
          await mcpReq.notify({
            method: "notifications/progress",
            params: { progressToken, progress, total: 100 },
          });
        await setTimeout(pauseMs);
      }
      return { content: [{ type: "text", text: "Done." }] };
    },
  );
  registerResources(server);
  registerPrompts(server);
}

function registerResources(server: McpServer): void {
  const text = (uri: string, content: string): void =>
    void server.registerResource(
      uri,
      uri,
      { description: content, mimeType: "text/plain" },
      () => ({ contents: [{ uri, mimeType: "text/plain", text: content }] }),
    );
  text("test://static-text", "This is the content of the static text resource.");
  text("test://watched-resource", "Watched resource content");
  const binary = "test://static-binary";
  server.registerResource(
    binary,
    binary,
    { description: "A pixel", mimeType: "image/png" },
    () => ({
      contents: [{ uri: binary, mimeType: "image/png", blob: png }],
    }),
  );
  server.registerResource(
    "test-template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "Data by id", mimeType: "application/json" },
    (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: "application/json",
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  );
}

function registerPrompts(server: McpServer): void {
  const user = (content: ContentBlock): { role: "user"; content: ContentBlock } => ({
    role: "user",
    content,
  });
  server.registerPrompt("test_simple_prompt", { description: "A simple prompt" }, () => ({
    messages: [user({ type: "text", text: "This is a simple prompt for testing." })],
  }));
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "A prompt with arguments",
      argsSchema: z.object({
        arg1: completable(z.string(), (begun) =>
          ["paris", "park", "party", "test"].filter((word) => word.startsWith(begun)),
        ),
        arg2: z.string(),
      }),
    },
    ({ arg1, arg2 }) => ({
      messages: [
        user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
      ],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    {
      description: "A prompt with a resource",
      argsSchema: z.object({ resourceUri: z.string() }),
    },
    ({ resourceUri }) => ({
      messages: [
        user({
          type: "resource",
          resource: {
            uri: resourceUri,
            mimeType: "text/plain",
            text: "Embedded resource content for testing.",
          },
        }),
        user({ type: "text", text: "Please process the embedded resource above." }),
      ],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_image",
    { description: "A prompt with an image" },
    () => ({
      messages: [user(image), user({ type: "text", text: "Please analyze the image above." })],
    }),
  );
}
