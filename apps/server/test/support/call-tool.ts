import type { Client } from "@modelcontextprotocol/client";
import { expect } from "vitest";

/** A task as tools answer with it, as far as tests look at it. */
export interface TaskAnswer {
  readonly id: string;
  readonly path: string;
  readonly status: string;
  readonly version: number;
  readonly lease?: { readonly token: number; readonly holder: string };
  readonly [field: string]: unknown;
}

/** An answer as tests look at it. */
export interface Answer {
  readonly tasks: readonly TaskAnswer[];
  readonly nextCursor?: string;
  readonly total?: number;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly retryable: boolean;
  };
  readonly [field: string]: unknown;
}

/** Calls a tool that must succeed; both forms of the answer must say the same. */
export async function callTool(client: Client, name: string, args: object): Promise<Answer> {
  const result = await client.callTool({ name, arguments: { ...args } });
  const [first] = result.content;
  if (result.isError === true) throw new Error(first?.type === "text" ? first.text : "no text");
  expect(first?.type === "text" && JSON.parse(first.text)).toEqual(result.structuredContent);
  return result.structuredContent as Answer;
}

/** Calls a tool that must fail and answers with the error as text and as structure. */
export async function failTool(
  client: Client,
  name: string,
  args: object,
): Promise<Required<Answer>["error"] & { readonly text: string }> {
  const result = await client.callTool({ name, arguments: { ...args } });
  expect(result.isError).toBe(true);
  const { error } = result.structuredContent as Required<Answer>;
  const [first] = result.content;
  return { ...error, text: first?.type === "text" ? first.text : "" };
}
