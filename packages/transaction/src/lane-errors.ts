/** What the writer lane tells members that it ends, and what it makes of errors it is told. */
import { AtlasError } from "@atlas/errors";
import { transactionError } from "./errors.ts";

/** @internal */
export function waitTimeout(waitedMs: number): AtlasError {
  return transactionError(
    "transaction.timeout",
    `The writer was not free within ${Math.round(waitedMs)} ms, so the transaction was not ` +
      "started. Try again, or allow more time with `waitTimeoutMs`.",
    { txState: "none" },
  );
}

/** @internal */
export function holdTimeout(id: string, holdTimeoutMs: number): AtlasError {
  return transactionError(
    "transaction.timeout",
    `The body of transaction ${id} took more than ${holdTimeoutMs} ms, so it was rolled back. ` +
      "Do slow work before the transaction, or allow more time with `holdTimeoutMs`.",
    { txState: "rolledBack", retryable: false },
  );
}

/** @internal */
export function cancelled(signal: AbortSignal): AtlasError {
  return transactionError(
    "transaction.cancelled",
    "The transaction was cancelled by its signal, and nothing was changed.",
    { cause: signal.reason, txState: "rolledBack" },
  );
}

/** @internal */
export function applyPending(id: string, failures: readonly unknown[]): AtlasError {
  const [first] = failures;
  return transactionError(
    "transaction.apply_pending",
    `Transaction ${id} is committed, but what belongs to it beside the database is not complete ` +
      "yet. The cause says why. Do not repeat the transaction; recovery finishes it.",
    {
      cause: failures.length === 1 ? first : new AggregateError(failures),
      details: { committed: true },
    },
  );
}

/** @internal */
export function groupAborted(): AtlasError {
  return transactionError(
    "transaction.group_aborted",
    "The database rolled back the commit that this transaction was part of, because of " +
      "another transaction in it. Nothing was changed. Try again.",
    { txState: "rolledBack" },
  );
}

/** @internal */
export function outcomeUnknown(cause: unknown): AtlasError {
  return transactionError(
    "transaction.outcome_unknown",
    "The device did not confirm the commit, so it is not known whether the change is stored. " +
      "Read the data before repeating the change.",
    { cause, txState: "unknown" },
  );
}

/** True when a refused COMMIT has certainly left nothing, or left the transaction open. @internal */
export function isOutcomeKnown(error: unknown): boolean {
  return AtlasError.is(error) && error.txState !== undefined && error.txState !== "unknown";
}
