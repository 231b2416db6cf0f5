/** What the writer lane tells members that it ends, and what it makes of errors it is told. */
import { AtlasError } from "@atlas/errors";
import { transactionError } from "./errors.ts";
import type { Member } from "./member.ts";

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
export function holdTimeout(member: Member): AtlasError {
  return transactionError(
    "transaction.timeout",
    `The body of transaction ${member.frame.id} kept the writer for more than ` +
      `${member.holdTimeoutMs} ms, so it was rolled back. Do slow work before the transaction, ` +
      "or allow more time with `holdTimeoutMs`.",
    { txState: "rolledBack", retryable: false },
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
export function isOutOfSpace(error: unknown): boolean {
  return AtlasError.is(error) && error.code === "storage.disk_full";
}
