import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** Every code this package throws, with what is always true of it. */
export const transactionErrorCodes = {
  /** A transaction or its handle was used after it had ended. */
  "transaction.closed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Await everything the body starts, and start new work in a new transaction.",
  },
  /** The body kept the writer, or waited for it, longer than allowed; it was rolled back. */
  "transaction.timeout": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    hint: "Do slow work before the transaction begins, or allow more time in the options.",
  },
  /** The caller's AbortSignal fired; the transaction was rolled back. */
  "transaction.cancelled": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Nothing was changed. Call again when the work is wanted after all.",
  },
  /** An independent transaction was asked for inside a transaction. */
  "transaction.would_deadlock": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Leave `independent` out to nest, or start the work after the outer transaction.",
  },
  /** A program, which must not wait, returned a promise; it was rolled back. */
  "transaction.body_returned_promise": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use `atomic` for a body that awaits.",
  },
  /** The driver cannot run a body without promises. */
  "transaction.program_unsupported": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Pass the program as a list of statements, or use `atomic`.",
  },
  /** A body ended while a nested transaction it had started was still running. */
  "transaction.child_unfinished": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Await every nested `atomic` before the body returns.",
  },
  /** A write was asked of a read-only transaction. */
  "transaction.readonly": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Leave `readonly` out of the options of the outermost transaction.",
  },
  /** Too many transactions wait for the writer. */
  "transaction.overloaded": {
    severity: "high",
    recoverable: true,
    retryable: true,
    hint: "Start fewer at a time, or try again after a pause.",
  },
  /** Another member of the same commit made the database give up all of it. */
  "transaction.group_aborted": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    hint: "Nothing was changed. Try again.",
  },
  /** The commit was made but the device did not confirm it. */
  "transaction.outcome_unknown": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Read the data to learn whether the change is there before repeating it.",
  },
  /** A savepoint of this name was not set in this transaction. */
  "transaction.savepoint_unknown": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Create the savepoint first; rolling back past it forgets it.",
  },
  /** A call that needs a transaction was made outside one. */
  "transaction.required": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Call it inside `atomic`.",
  },
  /** The manager was closed. */
  "transaction.manager_closed": {
    severity: "medium",
    recoverable: false,
    retryable: false,
    hint: "Create a new manager over an open database.",
  },
  /** An option has a value that cannot be used. */
  "transaction.invalid_option": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the option that the message names.",
  },
} as const;

/** The codes of `transactionErrorCodes`. */
export type TransactionErrorCode = keyof typeof transactionErrorCodes;

/** Makes an error of this package. */
export const transactionError: ErrorFactory<TransactionErrorCode> =
  createErrorFactory(transactionErrorCodes);
