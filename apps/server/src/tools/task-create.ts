import * as z from "zod/v4";
import { changedTasksSchema } from "./output-schemas.ts";
import { changedTasks } from "./changed-tasks.ts";
import {
  actorField,
  metadataField,
  modeField,
  notesField,
  priorityField,
  reference,
  references,
  settableStatusField,
  text,
  texts,
  typeField,
} from "./task-fields.ts";
import { withoutUndefined } from "./without-undefined.ts";
import { defineTool, type Tool } from "./tool.ts";

const newTask = z.strictObject({
  name: text,
  path: text.optional().describe("Whole path a/b/c; default: from parent and name"),
  parent: reference.optional(),
  dependencies: references.optional(),
  description: text.optional(),
  type: typeField.optional(),
  status: settableStatusField.optional(),
  priority: priorityField.optional(),
  tags: texts.optional(),
  assignee: text.optional(),
  reasoning: text.optional(),
  metadata: metadataField.optional(),
  notes: notesField.optional(),
});

/** Creates tasks. */
export const taskCreate: Tool = defineTool({
  name: "task_create",
  title: "Create tasks",
  description:
    "Create one task, many, or a whole tree in one call, all or nothing by default. parent " +
    "and dependencies take ids or paths, also of tasks in the same call, in any order.",
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  input: z.strictObject({
    tasks: z.array(newTask).min(1),
    mode: modeField.optional(),
    actor: actorField.optional(),
  }),
  outputSchema: changedTasksSchema,
  handle: async ({ tasks, mode, actor }, services, call) =>
    changedTasks(
      await services.tasks.create(
        tasks.map(withoutUndefined),
        { actor: actor ?? call.actor },
        mode,
      ),
    ),
});
