import * as z from "zod/v4";
import { changedTasks } from "./changed-tasks.ts";
import { changedTasksSchema } from "./output-schemas.ts";
import {
  actorField,
  leaseField,
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
  whole,
} from "./task-fields.ts";
import { defineTool, type Tool } from "./tool.ts";
import { withoutUndefined } from "./without-undefined.ts";

const update = z.strictObject({
  task: reference,
  if_version: whole.optional(),
  lease: leaseField
    .optional()
    .describe("Token of your lease; needed to set the status of a claimed task"),
  name: text.optional(),
  description: text.optional(),
  type: typeField.optional(),
  status: settableStatusField.optional(),
  priority: priorityField.optional(),
  tags: texts.optional(),
  assignee: text.nullable().optional(),
  reasoning: text.optional(),
  metadata: metadataField.optional().describe("Merged; null removes a key"),
  add_notes: notesField.optional(),
  add_dependencies: references.optional(),
  remove_dependencies: references.optional(),
  parent: reference.nullable().optional().describe("Moves it with all below; null: to the top"),
});

/** Changes tasks. */
export const taskUpdate: Tool = defineTool({
  name: "task_update",
  title: "Update tasks",
  description:
    "Change tasks: status, fields, notes, dependencies, place in the tree. What is left out " +
    "stays. Finish claimed work with status completed, its lease and a completion note. " +
    "if_version refuses the change when somebody else was faster.",
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  input: z.strictObject({
    updates: z.array(update).min(1),
    mode: modeField.optional(),
    actor: actorField.optional(),
  }),
  outputSchema: changedTasksSchema,
  async handle({ updates, mode, actor }, services, call) {
    const result = await services.tasks.update(
      updates.map(({ if_version, add_notes, add_dependencies, remove_dependencies, ...rest }) =>
        withoutUndefined({
          ...rest,
          ifVersion: if_version,
          addNotes: add_notes,
          addDependencies: add_dependencies,
          removeDependencies: remove_dependencies,
        }),
      ),
      { actor: actor ?? call.actor },
      mode,
    );
    call.leases.seen(result.tasks);
    return changedTasks(result);
  },
});
