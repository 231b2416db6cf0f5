import * as z from "zod/v4";
import { claimOptions, reportClaims } from "./lease-options.ts";
import { tasksSchema } from "./output-schemas.ts";
import { actorField, leaseSecondsField, reference, texts, whole } from "./task-fields.ts";
import { allViewsWithin, maxTokensDefaults } from "./token-budget.ts";
import { defineTool, type Tool } from "./tool.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** Finds work that can be done now, and claims it if asked to. */
export const taskNext: Tool = defineTool({
  name: "task_next",
  title: "Next ready work",
  description:
    "Get work that can be done now, most urgent first: nothing it depends on is unfinished " +
    "and nobody holds it. claim takes it in the same step, so no other agent gets it; pass " +
    "lease.token to task_update. Empty tasks: nothing is ready.",
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  input: z.strictObject({
    claim: z.boolean().optional(),
    count: whole.optional(),
    under: reference.optional(),
    tags: texts.optional(),
    lease_seconds: leaseSecondsField.optional(),
    actor: actorField.optional(),
  }),
  outputSchema: tasksSchema,
  async handle({ claim, lease_seconds, actor, ...rest }, services, call) {
    const wanted = withoutUndefined(rest);
    if (claim !== true) return view(await services.tasks.next(wanted));
    const claimed = await services.tasks.claimNext(
      { ...wanted, ...claimOptions(call.leases, lease_seconds) },
      { actor: actor ?? call.actor },
    );
    reportClaims(call.leases, lease_seconds, claimed);
    return view(claimed);
  },
});

function view(tasks: Parameters<typeof allViewsWithin>[0]): { readonly tasks: readonly unknown[] } {
  return { tasks: allViewsWithin(tasks, "concise", maxTokensDefaults.read) };
}
