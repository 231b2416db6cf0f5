import { setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { StorageEvent } from "../events.ts";
import { backOffMs } from "./back-off.ts";
import { cancelledError, throwIfCancelled } from "./cancelled.ts";

/** What waiting needs from its surroundings. */
export interface BusyWait {
  readonly location: string;
  readonly clock: () => number;
  readonly random: () => number;
  readonly emit: ((event: StorageEvent) => void) | undefined;
}

/** How long one call may wait, as a time of the clock. */
export interface Deadline {
  readonly at: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats `attempt` while it is refused because another process holds a lock.
 * The thread goes on meanwhile.
 *
 * @throws {AtlasError} storage.busy when the deadline comes first.
 */
export async function waitWhileBusy<T>(
  wait: BusyWait,
  deadline: Deadline,
  attempt: () => T,
): Promise<T> {
  const startedAt = wait.clock();
  for (let attempts = 1; ; attempts += 1) {
    throwIfCancelled(deadline.signal);
    try {
      const result = attempt();
      if (attempts > 1) report(wait, { startedAt, attempts, succeeded: true });
      return result;
    } catch (error) {
      if (!AtlasError.is(error) || error.code !== "storage.busy") throw error;
      const pauseMs = backOffMs(attempts, wait.random);
      if (wait.clock() + pauseMs > deadline.at) {
        report(wait, { startedAt, attempts, succeeded: false });
        throw stillBusy(wait, attempts, error);
      }
      await pause(pauseMs, deadline.signal);
    }
  }
}

async function pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(pauseMs, undefined, { signal });
  } catch (error) {
    throw signal?.aborted === true ? cancelledError(signal) : error;
  }
}

/** Thrown inside an attempt to say that it should be repeated. */
export function busyError(location: string, cause?: unknown): AtlasError {
  return storageError("storage.busy", `The database ${location} is locked by another process.`, {
    cause,
    txState: "none",
  });
}

function report(
  wait: BusyWait,
  outcome: { readonly startedAt: number; readonly attempts: number; readonly succeeded: boolean },
): void {
  const { startedAt, attempts, succeeded } = outcome;
  const waitedMs = wait.clock() - startedAt;
  wait.emit?.({ type: "busy_wait", location: wait.location, waitedMs, attempts, succeeded });
}

function stillBusy(wait: BusyWait, attempts: number, cause: unknown): AtlasError {
  return storageError(
    "storage.busy",
    `The database ${wait.location} was locked by another process until the time allowed was over. ` +
      "Try again, or find the process that keeps a transaction open.",
    { cause, txState: "none", details: { location: wait.location, attempts } },
  );
}
