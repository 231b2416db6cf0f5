import * as z from "zod/v4";
import { systemStatusSchema } from "./output-schemas.ts";
import { defineTool, readOnly, type Tool } from "./tool.ts";

/** Tells how the server and its store are. */
export const systemStatus: Tool = defineTool({
  name: "system_status",
  title: "System status",
  description: "Version, store and counts: tasks by status, ready, claimed.",
  hints: readOnly,
  input: z.strictObject({}),
  outputSchema: systemStatusSchema,
  handle: async (_given, services) => ({ ...(await services.describeSystem()) }),
});
