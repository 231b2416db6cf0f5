import type { BulkResult } from "@atlas/tasks";
import { viewOf } from "./task-view.ts";
import type { ToolResult } from "./tool.ts";

/** The answer to a call that changes tasks; `failures` stands there only when there are any. */
export function changedTasks({ tasks, failures }: BulkResult): ToolResult {
  const views = tasks.map((task) => viewOf(task, "brief"));
  return failures.length === 0 ? { tasks: views } : { tasks: views, failures };
}
