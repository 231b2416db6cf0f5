import type { HeldClaim, Task } from "@atlas/tasks";
import * as z from "zod/v4";
import { serverError } from "../errors.ts";
import { claimOptions, reportClaims } from "./lease-options.ts";
import { tasksSchema } from "./output-schemas.ts";
import { actorField, leaseField, leaseSecondsField, listOf, reference } from "./task-fields.ts";
import { viewOf } from "./task-view.ts";
import {
  defineTool,
  type Tool,
  type ToolCall,
  type ToolResult,
  type ToolServices,
} from "./tool.ts";

/** A task by name or, with the lease that is held on it, as an object. */
const held = z.preprocess(
  (value) => (typeof value === "string" ? { task: value } : value),
  z.strictObject({ task: reference, lease: leaseField.optional() }),
);

const input = z.strictObject({
  action: z.enum(["claim", "renew", "release"]),
  tasks: listOf(held),
  lease_seconds: leaseSecondsField.optional(),
  actor: actorField.optional(),
});

/** Claims named tasks, keeps them longer, or gives them back. */
export const taskClaim: Tool = defineTool({
  name: "task_claim",
  title: "Claim, renew, release",
  description:
    "Claim named tasks for yourself, renew leases, or release tasks back to pending; all or " +
    "none. renew and release need each task's lease token.",
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  input,
  outputSchema: tasksSchema,
  handle: async (given, services, call) => answer(await act(given, services, call)),
});

async function act(
  { action, tasks, lease_seconds, actor }: z.output<typeof input>,
  services: ToolServices,
  { actor: caller, leases }: ToolCall,
): Promise<readonly Task[]> {
  const context = { actor: actor ?? caller };
  const options = claimOptions(leases, lease_seconds);
  if (action === "release") {
    const released = await services.tasks.release(tasks.map(claimOf), context);
    leases.seen(released);
    return released;
  }
  const changed =
    action === "claim"
      ? await services.tasks.claim(
          tasks.map(({ task }) => task),
          context,
          options,
        )
      : await services.tasks.renew(tasks.map(claimOf), options);
  reportClaims(leases, lease_seconds, changed);
  return changed;
}

function claimOf({ task, lease }: { task: string; lease?: number | undefined }): HeldClaim {
  if (lease !== undefined) return { task, lease };
  throw serverError(
    "validation.failed",
    `The task "${task}" is given without "lease", which renew and release need.`,
    { hint: 'Give each task as {"task": id, "lease": token}; the claim answered with the token.' },
  );
}

function answer(tasks: readonly Task[]): ToolResult {
  return { tasks: tasks.map((task) => viewOf(task, "brief")) };
}
