import type { BulkResult, Task } from "@atlas/tasks";
import { type TaskView, viewOf } from "./task-view.ts";
import { bytesOf, bytesPerToken, maxTokensDefaults } from "./token-budget.ts";
import type { ToolResult } from "./tool.ts";

/** The answer to a call that changes tasks; `failures` stands there only when there are any. */
export function changedTasks({ tasks, failures }: BulkResult): ToolResult {
  const views = changedViews(tasks);
  return failures.length === 0 ? { tasks: views } : { tasks: views, failures };
}

/** Of a great many tasks only what the caller cannot know: clients refuse an answer too long. */
function changedViews(tasks: readonly Task[]): readonly TaskView[] {
  const views = tasks.map((task) => viewOf(task, "brief"));
  if (bytesOf(views) <= maxTokensDefaults.read * bytesPerToken) return views;
  return tasks.map(({ id, path, status, version }) => ({ id, path, status, version }));
}
