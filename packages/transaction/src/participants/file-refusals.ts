import { transactionError } from "../errors.ts";
import { ownPrefix } from "./file-path.ts";

/** Somebody else changed a file in between. @internal */
export function changedInBetween(path: string): Error {
  return transactionError(
    "transaction.file_conflict",
    `The file ${path} was changed by somebody else after this transaction looked at it, so the ` +
      "transaction was rolled back. Read the file again.",
    { txState: "rolledBack", details: { path } },
  );
}

/** A committed change of the file could not take effect yet. @internal */
export function stillPending(path: string): Error {
  return transactionError(
    "transaction.file_pending",
    `The file ${path} is to be changed by a transaction that was committed by a process that has ` +
      "ended, and the change could not take effect yet. Remove the cause that the report of the " +
      "recovery names, run the recovery of the store, then repeat this transaction.",
    { txState: "rolledBack", details: { path } },
  );
}

/** There is nothing to be moved. @internal */
export function nothingToMove(path: string): Error {
  return transactionError(
    "transaction.file_missing",
    `There is no file ${path} that could be moved. Look which files there are.`,
    { details: { path } },
  );
}

/** A transaction would change more than allowed. @internal */
export function tooMuch(limit: string, option: string): Error {
  return transactionError(
    "transaction.participant_full",
    `A transaction can change files up to ${limit}. Do less at a time, or allow more with ` +
      `\`${option}\`.`,
    { details: { option } },
  );
}

/** A transaction would look at more files than can be compared before its commit. @internal */
export function tooManyLookedAt(max: number): Error {
  return transactionError(
    "transaction.participant_full",
    `A transaction can look at ${max} files, which are all compared again before its commit. Read ` +
      "what need not stay as it is before the transaction.",
    { details: { max } },
  );
}

/** Somebody removed what was being staged. @internal */
export function stagedRemoved(path: string): Error {
  return transactionError(
    "transaction.file_conflict",
    `The file ${path} was removed while it was written. Leave files whose names begin with ` +
      `${ownPrefix} to the store.`,
    { details: { path } },
  );
}

/** A call came after the end of the body. @internal */
export function bodyEnded(): Error {
  return transactionError(
    "transaction.closed",
    "A file was changed after the body of its transaction had ended, and the change was dropped. " +
      "Await every call.",
    { txState: "none" },
  );
}

/** Nobody knows whether a change of the file was committed. @internal */
export function unknownOutcome(path: string): Error {
  return transactionError(
    "transaction.outcome_unknown",
    `The device did not confirm a commit that changed ${path}. Run the recovery of the store, ` +
      "which finds out.",
    { txState: "active", details: { path } },
  );
}
