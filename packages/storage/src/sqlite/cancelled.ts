import { storageError } from "../errors.ts";

/** @throws {AtlasError} operation.cancelled when the signal says so. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelledError(signal);
}

/** The error of a wait that its caller gave up. */
export function cancelledError(signal: AbortSignal): Error {
  return storageError("operation.cancelled", "The caller stopped waiting for the database.", {
    cause: signal.reason,
    txState: "none",
  });
}
