import type { FieldChange, TaskChange } from "@atlas/tasks";
import * as z from "zod/v4";
import { historySchema } from "./output-schemas.ts";
import { detailField, reference, text, whole } from "./task-fields.ts";
import { bytesOf } from "./token-budget.ts";
import { defineTool, readOnly, type Tool } from "./tool.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** Characters of a value that a concise history shows. */
const valueLengthMax = 200;

/** Tells who did what to a task. */
export const taskHistory: Tool = defineTool({
  name: "task_history",
  title: "History of a task",
  description:
    "Who changed what in a task and when, newest first; deleted tasks by id too. Long values " +
    "are cut unless detail is full.",
  hints: readOnly,
  input: z.strictObject({
    task: reference,
    limit: whole.optional(),
    cursor: text.optional(),
    detail: detailField.optional(),
  }),
  outputSchema: historySchema,
  async handle({ task, detail, ...page }, services) {
    const { changes, nextCursor } = await services.tasks.history(task, withoutUndefined(page));
    return {
      changes: detail === "full" ? changes : changes.map(shortened),
      ...(nextCursor !== undefined && { nextCursor }),
    };
  },
});

function shortened(change: TaskChange): TaskChange {
  const fields = Object.entries(change.fields).map(([name, { before, after }]) => [
    name,
    withoutUndefined({ before: shortValue(before), after: shortValue(after) }),
  ]);
  return { ...change, fields: Object.fromEntries(fields) };
}

function shortValue(value: FieldChange["after"]): FieldChange["after"] {
  if (value === undefined || bytesOf(value) <= valueLengthMax) return value;
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  const shown = whole.slice(0, valueLengthMax);
  return `${shown}… [${whole.length - shown.length} more characters]`;
}
