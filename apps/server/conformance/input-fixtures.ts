import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type InputRequest,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { randomBytes } from "node:crypto";
import * as z from "zod/v4";

type Codec = ReturnType<typeof createRequestStateCodec<string>>;

/** Signs what travels through the client; servers verify it before a handler runs. */
export const requestState: Codec = createRequestStateCodec<string>({ key: randomBytes(32) });

type Call = Parameters<McpServer["registerTool"]>[2];
type Answer = Awaited<ReturnType<Call>>;

const nameSchema = z.object({ name: z.string() });
const okSchema = z.object({ ok: z.boolean() });

const askName: InputRequest = inputRequired.elicit({
  message: "What is your name?",
  requestedSchema: nameSchema,
});
const askConfirmation: InputRequest = inputRequired.elicit({
  message: "Please confirm",
  requestedSchema: okSchema,
});

function askModel(question: string, maxTokens: number): InputRequest {
  return inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: question } }],
    maxTokens,
  });
}

function say(text: string): Answer {
  return { content: [{ type: "text", text }] };
}

/** Tools and a prompt that ask the client for something before they answer. */
export function registerInputFixtures(server: McpServer): void {
  const add = (name: string, call: (context: ServerContext) => Answer | Promise<Answer>): void =>
    void server.registerTool(name, { description: `Asks for input (${name})` }, call);

  add("test_input_required_result_elicitation", ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, "user_name", nameSchema);
    return given === undefined
      ? inputRequired({ inputRequests: { user_name: askName } })
      : say(`Hello, ${given.name}!`);
  });
  add("test_input_required_result_sampling", ({ mcpReq }) => {
    const view = inputResponse(mcpReq.inputResponses, "capital_question");
    return view.kind === "sampling"
      ? say(JSON.stringify(view.result.content))
      : inputRequired({
          inputRequests: { capital_question: askModel("What is the capital of France?", 100) },
        });
  });
  add("test_input_required_result_list_roots", ({ mcpReq }) => {
    const view = inputResponse(mcpReq.inputResponses, "client_roots");
    return view.kind === "roots"
      ? say(view.roots.map(({ uri }) => uri).join(" "))
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  for (const name of ["request_state", "tampered_state"])
    add(`test_input_required_result_${name}`, async ({ mcpReq }) => {
      const given = acceptedContent(mcpReq.inputResponses, "confirm", okSchema);
      return given !== undefined && mcpReq.requestState<string>() === name
        ? say("state-ok")
        : inputRequired({
            inputRequests: { confirm: askConfirmation },
            requestState: await requestState.mint(name),
          });
    });
  add("test_input_required_result_multiple_inputs", manyInputs);
  add("test_input_required_result_multi_round", rounds);
  add("test_input_required_result_capabilities", declaredInputs);
  add("test_missing_capability", () =>
    inputRequired({ inputRequests: { question: askModel("Say something", 10) } }),
  );
  add("test_streaming_elicitation", ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, "user_name", nameSchema);
    return given === undefined
      ? inputRequired({ inputRequests: { user_name: askName } })
      : say(given.name);
  });
  registerPrompt(server);
}

async function manyInputs({ mcpReq }: ServerContext): Promise<Answer> {
  const { inputResponses } = mcpReq;
  const isComplete =
    acceptedContent(inputResponses, "user_name", nameSchema) !== undefined &&
    inputResponse(inputResponses, "greeting").kind === "sampling" &&
    inputResponse(inputResponses, "client_roots").kind === "roots";
  if (isComplete) return say("All inputs arrived.");
  return inputRequired({
    inputRequests: {
      user_name: askName,
      greeting: askModel("Generate a greeting", 50),
      client_roots: inputRequired.listRoots(),
    },
    requestState: await requestState.mint("many"),
  });
}

async function rounds({ mcpReq }: ServerContext): Promise<Answer> {
  const state = mcpReq.requestState<string>();
  const name = acceptedContent(mcpReq.inputResponses, "step1", nameSchema);
  const colorSchema = z.object({ color: z.string() });
  const color = acceptedContent(mcpReq.inputResponses, "step2", colorSchema);
  if (state === "round 2" && color !== undefined) return say(`The color is ${color.color}.`);
  if (state === "round 1" && name !== undefined)
    return inputRequired({
      inputRequests: {
        step2: inputRequired.elicit({
          message: "Step 2: What is your favorite color?",
          requestedSchema: colorSchema,
        }),
      },
      requestState: await requestState.mint("round 2"),
    });
  return inputRequired({
    inputRequests: {
      step1: inputRequired.elicit({
        message: "Step 1: What is your name?",
        requestedSchema: nameSchema,
      }),
    },
    requestState: await requestState.mint("round 1"),
  });
}

/** Asks only for what the client says it can give. */
function declaredInputs({ mcpReq }: ServerContext): Answer {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const declared = z
    .object({ sampling: z.unknown(), elicitation: z.unknown() })
    .partial()
    .parse(envelope[CLIENT_CAPABILITIES_META_KEY] ?? {});
  const inputRequests = {
    ...(declared.sampling !== undefined && { greeting: askModel("Generate a greeting", 50) }),
    ...(declared.elicitation !== undefined && { user_name: askName }),
  };
  if (Object.keys(inputRequests).length === 0 || mcpReq.inputResponses !== undefined)
    return say("Nothing more is needed.");
  return inputRequired({ inputRequests });
}

function registerPrompt(server: McpServer): void {
  const schema = z.object({ context: z.string() });
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "A prompt that asks for input" },
    ({ mcpReq }) => {
      const given = acceptedContent(mcpReq.inputResponses, "user_context", schema);
      if (given !== undefined)
        return { messages: [{ role: "user", content: { type: "text", text: given.context } }] };
      return inputRequired({
        inputRequests: {
          user_context: inputRequired.elicit({
            message: "What context should the prompt use?",
            requestedSchema: schema,
          }),
        },
      });
    },
  );
}
