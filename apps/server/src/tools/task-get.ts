import * as z from "zod/v4";
import { tasksSchema } from "./output-schemas.ts";
import { detailField, references, whole } from "./task-fields.ts";
import { allViewsWithin, maxTokensDefaults } from "./token-budget.ts";
import { defineTool, readOnly, type Tool } from "./tool.ts";

/** Reads tasks. */
export const taskGet: Tool = defineTool({
  name: "task_get",
  title: "Read tasks",
  description:
    "Read tasks by id or path. full adds timestamps and every empty field. Beyond max_tokens " +
    "(default 10000) texts are cut.",
  hints: readOnly,
  input: z.strictObject({
    tasks: references,
    detail: detailField.optional(),
    max_tokens: whole.positive().optional(),
  }),
  outputSchema: tasksSchema,
  async handle({ tasks, detail = "concise", max_tokens = maxTokensDefaults.read }, services) {
    const found = await services.tasks.get(tasks);
    return { tasks: allViewsWithin(found, detail, max_tokens) };
  },
});
