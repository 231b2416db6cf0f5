import { taskError } from "./errors.ts";
import type { SettableStatus, TaskStatus } from "./task.ts";

/** What may follow each stored status. `blocked` is derived and appears nowhere. */
const successors: Readonly<Record<SettableStatus, readonly SettableStatus[]>> = {
  pending: ["in_progress", "completed", "failed", "cancelled"],
  in_progress: ["pending", "completed", "failed", "cancelled"],
  completed: ["pending"],
  failed: ["pending", "cancelled"],
  cancelled: ["pending"],
};

/** True when nothing needs to wait for the task any more. A failed task still blocks. */
export function isFinished(status: SettableStatus): boolean {
  return status === "completed" || status === "cancelled";
}

/** True when nobody is going to work on the task unless it is reopened. */
export function isClosed(status: SettableStatus): boolean {
  return isFinished(status) || status === "failed";
}

/** What readers see of a stored status. */
export function shownStatus(status: SettableStatus, blockers: number): TaskStatus {
  return status === "pending" && blockers > 0 ? "blocked" : status;
}

/** @throws {AtlasError} task.transition_refused */
export function checkTransition(path: string, from: SettableStatus, to: SettableStatus): void {
  if (successors[from].includes(to)) return;
  throw taskError(
    "task.transition_refused",
    `"${path}" is ${from} and cannot become ${to}. It can become ${successors[from].join(", ")}.`,
    { details: { from, to, allowed: successors[from] } },
  );
}
