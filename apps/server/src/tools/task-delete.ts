import * as z from "zod/v4";
import { deletedSchema } from "./output-schemas.ts";
import { actorField, references } from "./task-fields.ts";
import { defineTool, type Tool } from "./tool.ts";

/** Deletes tasks. */
export const taskDelete: Tool = defineTool({
  name: "task_delete",
  title: "Delete tasks",
  description:
    "Delete tasks. children says what becomes of tasks below: block (default) refuses, " +
    "cascade deletes them, orphan moves them up. To keep a record, set status cancelled " +
    "instead.",
  hints: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: false,
  },
  input: z.strictObject({
    tasks: references,
    children: z.enum(["block", "cascade", "orphan"]).optional(),
    actor: actorField.optional(),
  }),
  outputSchema: deletedSchema,
  async handle({ tasks, children, actor }, services, call) {
    const { deleted } = await services.tasks.delete(
      tasks,
      { actor: actor ?? call.actor },
      children,
    );
    return { deleted };
  },
});
