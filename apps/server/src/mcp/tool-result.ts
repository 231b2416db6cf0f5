import type { CallToolResult } from "@modelcontextprotocol/server";
import { reportOf, sentenceOf } from "../error-answers.ts";
import type { ToolResult } from "../tools/tool.ts";

/** An answer; clients that show only text and those that show only structure see the same. */
export function toolSuccess(result: ToolResult): CallToolResult {
  return {
    content: [{ type: "text", text: JSON.stringify(result) }],
    structuredContent: result,
    // A call of which nothing was kept must not look like a success.
    ...(keptNothing(result) && { isError: true }),
  };
}

/** A failure that the caller can do something about. */
export function toolFailure(error: unknown): CallToolResult {
  const report = reportOf(error);
  return {
    content: [{ type: "text", text: sentenceOf(report) }],
    structuredContent: { error: { ...report } },
    isError: true,
  };
}

function keptNothing({ tasks, failures }: ToolResult): boolean {
  return Array.isArray(tasks) && tasks.length === 0 && Array.isArray(failures);
}
