import type { AtlasError } from "@atlas/errors";
import { transactionError } from "../errors.ts";

const textLengthMax = 512;

/** Refuses what is no text of a usable length. @internal */
export function checkText(option: string, text: string): void {
  if (typeof text === "string" && text.length > 0 && text.length <= textLengthMax) return;
  throw invalid(`"${option}" must be a text of 1 to ${textLengthMax} characters.`);
}

/** @internal */
export function invalid(message: string): AtlasError {
  return transactionError("transaction.saga_invalid", message);
}

/** @internal */
export function unknown(message: string): AtlasError {
  return transactionError("transaction.saga_unknown", message);
}

/** @internal */
export function keyReused(name: string, key: string): AtlasError {
  return transactionError(
    "transaction.saga_key_reused",
    `The key "${key}" of the saga "${name}" belongs to another input. Take a key of its own.`,
    { details: { saga: name, key } },
  );
}

/** @internal */
export function runnerClosed(): AtlasError {
  return transactionError(
    "transaction.manager_closed",
    "The saga runner is closed. What it had begun goes on with `recover` of another one.",
    { hint: "Create a new runner and recover." },
  );
}

/** @internal */
export function insideTransaction(): AtlasError {
  return transactionError(
    "transaction.would_deadlock",
    "A saga was asked for inside a transaction, in which none of its steps could commit, or its " +
      "runner was closed there, which waits for them. Do it after the transaction, or in " +
      "`afterCommit`.",
    { txState: "active", hint: "Start sagas, and close their runner, outside transactions." },
  );
}
