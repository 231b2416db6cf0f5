import type { AtlasError } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type { LockMode } from "./lock-manager.ts";
import type { LockRequest } from "./lock-request.ts";

/** How deep the causes of an error are searched for a deadlock. */
const causesMax = 16;

/** @internal */
export function deadlock(victim: LockRequest, cycle: readonly LockRequest[]): AtlasError {
  const { owner, lock, mode } = victim;
  return transactionError(
    "transaction.deadlock",
    `${owner.id} cannot wait for the ${mode} lock "${lock.name}": ${cycle.length} owners would wait ` +
      "for each other in a circle, and it is the youngest of them. Release its locks and begin again.",
    {
      details: {
        owner: owner.id,
        name: lock.name,
        mode,
        cycle: cycle.map((request) => ({ owner: request.owner.id, waitsAt: request.lock.name })),
      },
    },
  );
}

/** True when `error`, or what caused it, is one of `refusals`. @internal */
export function isCausedBy(error: unknown, refusals: WeakSet<Error>): boolean {
  let current = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth += 1) {
    if (refusals.has(current)) return true;
    current = current.cause;
  }
  return false;
}

/** @internal */
export function lockTimeout(name: string, mode: LockMode, timeoutMs: number): AtlasError {
  const message =
    timeoutMs === 0
      ? `The ${mode} lock "${name}" is not free, and waiting was not allowed.`
      : `The ${mode} lock "${name}" was not free within ${timeoutMs} ms. Hold locks for less time, ` +
        "or allow a longer wait.";
  return transactionError("transaction.lock_timeout", message, {
    details: { name, mode, timeoutMs },
  });
}

/** @internal */
export function lockCancelled(name: string, cause: unknown): AtlasError {
  return transactionError(
    "transaction.cancelled",
    `The wait for the lock "${name}" was cancelled. Ask again when it is wanted after all.`,
    { cause, details: { name } },
  );
}

/** @internal */
export function lockReleased(name: string): AtlasError {
  return transactionError(
    "transaction.lock_released",
    `The lock "${name}" has been released. Take it again, and keep it until the work is done.`,
    { details: { name } },
  );
}

/** @internal */
export function ownerEnded(id: string): AtlasError {
  return transactionError(
    "transaction.lock_owner_ended",
    `${id} has ended and takes no more locks. Await everything that its body starts.`,
    { details: { owner: id } },
  );
}

/** @internal */
export function unowned(name: string): AtlasError {
  return transactionError(
    "transaction.lock_unowned",
    `The lock "${name}" was asked for outside \`run\`, so a deadlock over it could not be seen. ` +
      "Take it inside `run`.",
    { details: { name } },
  );
}

/** @internal */
export function lockManagerClosed(): AtlasError {
  return transactionError(
    "transaction.manager_closed",
    "The lock manager is closed. Create a new one.",
    { hint: "Create a new lock manager." },
  );
}

/** @internal */
export function tooMany(what: "names" | "waiters", max: number): AtlasError {
  return transactionError(
    "transaction.overloaded",
    what === "names"
      ? `${max} locks are held or wanted, which is the limit. Release some first.`
      : `${max} requests wait for locks, which is the limit. Start less work at a time.`,
    { details: { what, max } },
  );
}

/** @internal */
export function waitsInTransaction(name: string): AtlasError {
  return transactionError(
    "transaction.would_deadlock",
    `The lock "${name}" is not free, and this transaction would keep the writer while it waits. ` +
      "Take the lock before the transaction begins.",
    { txState: "active", hint: "Take locks first, then begin the transaction.", details: { name } },
  );
}
