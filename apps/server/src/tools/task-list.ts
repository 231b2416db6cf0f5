import type { TaskFilter, TaskManager, TaskPageOptions } from "@atlas/tasks";
import * as z from "zod/v4";
import { taskPageSchema } from "./output-schemas.ts";
import {
  detailField,
  listOf,
  priorityField,
  reference,
  statusField,
  text,
  texts,
  typeField,
  whole,
} from "./task-fields.ts";
import type { TaskDetail } from "./task-view.ts";
import { maxTokensDefaults, viewsWithin } from "./token-budget.ts";
import { defineTool, readOnly, type Tool, type ToolResult } from "./tool.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** Finds tasks. */
export const taskList: Tool = defineTool({
  name: "task_list",
  title: "List tasks",
  description:
    "Find tasks; conditions add up. Pages: pass nextCursor back as cursor with the same " +
    "filter. A page holds at most limit (default 20) tasks and max_tokens (default 2000).",
  hints: readOnly,
  input: z.strictObject({
    query: text.optional().describe("Words in name, description, reasoning"),
    status: listOf(statusField).optional(),
    type: listOf(typeField).optional(),
    priority: listOf(priorityField).optional(),
    tags: texts.optional(),
    assignee: text.optional(),
    parent: reference.nullable().optional().describe("Direct children of; null: top level"),
    under: reference.optional().describe("Everything below"),
    order: z.enum(["path", "priority", "updated"]).optional(),
    limit: whole.optional(),
    cursor: text.optional(),
    detail: detailField.optional(),
    max_tokens: whole.positive().optional(),
  }),
  outputSchema: taskPageSchema,
  async handle(given, services) {
    const { limit, cursor, order, detail, max_tokens, ...filter } = given;
    return listWithin(services.tasks, {
      filter: withoutUndefined(filter),
      page: withoutUndefined({ limit, cursor, order }),
      // A list names tasks; the descriptions are for task_get.
      detail: detail === "full" ? "full" : "brief",
      maxTokens: max_tokens ?? maxTokensDefaults.list,
    });
  },
});

interface BoundedList {
  readonly filter: TaskFilter;
  readonly page: TaskPageOptions;
  readonly detail: TaskDetail;
  readonly maxTokens: number;
}

/** Asks again for fewer tasks until a page fits, so that its cursor is where it was cut. */
async function listWithin(tasks: TaskManager, list: BoundedList): Promise<ToolResult> {
  const { filter, page, detail, maxTokens } = list;
  const found = await tasks.list(filter, page);
  const views = viewsWithin(found.tasks, detail, maxTokens);
  if (views.length < found.tasks.length)
    return listWithin(tasks, { ...list, page: { ...page, limit: views.length } });
  return {
    tasks: views,
    total: found.total,
    ...(found.nextCursor !== undefined && { nextCursor: found.nextCursor }),
  };
}
