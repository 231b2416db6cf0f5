import { taskError } from "./errors.ts";
import type { TaskRow } from "./task-tables.ts";

/** @internal */
export function parentFinished(parent: Pick<TaskRow, "path" | "status">, path: string): Error {
  return taskError(
    "task.parent_finished",
    `"${parent.path}" is ${parent.status}, so "${path}" cannot be unfinished under it. Reopen ` +
      `"${parent.path}" first by setting its status to pending.`,
    { details: { parent: parent.path, task: path } },
  );
}

/** @internal */
export function childrenUnfinished(row: TaskRow): Error {
  return taskError(
    "task.children_unfinished",
    `"${row.path}" has ${row.unfinished_children} unfinished tasks directly below it. Complete or ` +
      "cancel them first; one call can do both when they come before it.",
    { details: { task: row.path, unfinishedChildren: row.unfinished_children } },
  );
}

/** @internal */
export function groupStatusRefused(path: string): Error {
  return taskError(
    "task.transition_refused",
    `"${path}" is a group: its status follows from the tasks below it. Change those.`,
    { details: { task: path } },
  );
}

/** @internal */
export function blocked(row: TaskRow, verb: string): Error {
  return taskError(
    "task.blocked",
    `"${row.path}" cannot be ${verb}, because it, or a task above it, waits for unfinished ` +
      "dependencies. Finish or remove them first.",
    { details: { task: row.path } },
  );
}

/** @internal */
export function leased(row: TaskRow): Error {
  return taskError(
    "task.leased",
    `"${row.path}" is held by ${row.lease_holder ?? "somebody"} until ` +
      `${new Date(row.lease_expires_at ?? 0).toISOString()}. Take other work.`,
    {
      details: {
        task: row.path,
        holder: row.lease_holder,
        expiresAt: new Date(row.lease_expires_at ?? 0).toISOString(),
      },
    },
  );
}

/** @internal */
export function leaseExpired(row: TaskRow): Error {
  return taskError(
    "task.lease_expired",
    `The lease on "${row.path}" is no longer yours: it expired, was released, or somebody else ` +
      "holds the task. Nothing was changed. Stop working on it, or claim it again if it is free.",
    { details: { task: row.path } },
  );
}
