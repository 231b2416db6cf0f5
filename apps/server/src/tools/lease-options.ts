import type { ClaimOptions, Task } from "@atlas/tasks";
import type { LeasePolicy } from "./tool.ts";

/** How long a claim holds: as the caller says, or as the way into the server has it. */
export function claimOptions(leases: LeasePolicy, seconds: number | undefined): ClaimOptions {
  return { leaseMs: seconds === undefined ? leases.leaseMs : Math.round(seconds * 1_000) };
}

/** Tells the policy about claims: those without a time of their own are its to care for. */
export function reportClaims(
  leases: LeasePolicy,
  seconds: number | undefined,
  tasks: readonly Task[],
): void {
  if (seconds === undefined) leases.held(tasks);
  else leases.ownTime(tasks);
}
