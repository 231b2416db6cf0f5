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

  // Participants and retries.
  /** The transaction is committed, but a participant could not finish its part. */
  "transaction.apply_pending": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Do not repeat the transaction. Remove the cause, then run the participant's recovery.",
  },
  /** A participant that has to wait before the commit was enlisted in a program. */
  "transaction.participant_waits": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use `atomic` for a body with such a participant.",
  },
  /** A transaction would have more participants than one can have. */
  "transaction.too_many_participants": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Do the work in several transactions, or let one participant speak for many.",
  },
  /** A memory map or a file transaction would grow beyond its limit. */
  "transaction.participant_full": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Remove what is no longer needed, do less at a time, or allow more in the options.",
  },
  /** A value cannot be kept in memory such that nobody can change it. */
  "transaction.value_unsupported": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Keep plain objects, lists, texts, numbers, booleans and null.",
  },
  /** A call that is made outside transactions was made inside one. */
  "transaction.already_active": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Call it before or after the transaction.",
  },
  /** Somebody else changed a file in between; their change is kept. */
  "transaction.file_conflict": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    hint: "Read the file again and decide anew.",
  },
  /** An earlier, committed change of a file could not take effect yet. */
  "transaction.file_pending": {
    severity: "high",
    recoverable: true,
    retryable: true,
    hint: "Remove the cause that recovery reports and run the recovery of the store.",
  },
  /** A path leads out of the store, through a link, or to something that is no file. */
  "transaction.file_path_refused": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use a relative path to a file below the directory of the store.",
  },
  /** A file that was to be moved does not exist. */
  "transaction.file_missing": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Look which files there are before moving one.",
  },
  /** The file store was closed. */
  "transaction.file_store_closed": {
    severity: "medium",
    recoverable: false,
    retryable: false,
    hint: "Create a new file store.",
  },

  // Named locks and leases.
  /** Owners waited for each other's locks in a circle; this one was the youngest. */
  "transaction.deadlock": {
    severity: "low",
    recoverable: true,
    retryable: true,
    hint: "Release the locks and begin the work again; `run` of the lock manager does so by itself.",
  },
  /** A lock was not free in time. */
  "transaction.lock_timeout": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    hint: "Look at the lock table for who holds it; hold locks for less time, or wait longer.",
  },
  /** A lock was used after it had been released. */
  "transaction.lock_released": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Keep the lock until the work that it protects is done.",
  },
  /** A lock was asked for by work whose owner has ended. */
  "transaction.lock_owner_ended": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Await everything that the body of `run` starts.",
  },
  /** A lock was asked for outside any owner. */
  "transaction.lock_unowned": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Take locks inside `run` of the lock manager.",
  },
  /** A lease ran out and was taken by somebody else, or was released. */
  "transaction.lease_lost": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Stop this work: somebody else goes on with it. Renew leases well before they run out.",
  },

  // Operations and commands.
  /** A rule was broken before the commit, or a command refused to run. */
  "transaction.operation_refused": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Nothing was changed. Correct what the message names and run it again.",
  },
  /** An integrity check was asked for, and neither the store nor the caller has one. */
  "transaction.check_unsupported": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give the `dialect` of the store, or an `integrityCheck` of your own.",
  },
  /** An operation failed; the cause and `txState` say why and what has become of the data. */
  "transaction.operation_failed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Look at the cause; it tells whether to try again.",
  },
  /** A command failed, and everything before it was undone. */
  "transaction.command_failed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Look at the cause; nothing is left of the commands before it.",
  },
  /** A command failed, and some before it could not be undone. */
  "transaction.undo_incomplete": {
    severity: "critical",
    recoverable: false,
    retryable: false,
    hint: "Undo by hand what `details.notUndone` names, then try again.",
  },

  // Service states.
  /** A service or a state of this name is not known. */
  "transaction.state_unknown": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Register the service, or declare the state, first.",
  },
  /** A service is not in the state or version that the caller expected. */
  "transaction.state_conflict": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Read the service again and decide anew.",
  },
  /** A transition that is not declared was asked for. */
  "transaction.state_illegal": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Go through the states that the declared transitions allow.",
  },
  /** A service, or one that depends on it, would be in a state whose requirements are not met. */
  "transaction.state_dependency": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Bring the services that the message names into the right states first.",
  },
  /** Content does not fit its checksum. */
  "transaction.state_tampered": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Find out what has changed it, and restore a snapshot that is known to be good.",
  },

  // Sagas.
  /** A saga was defined, started or resolved in a way that cannot be meant. */
  "transaction.saga_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct what the message names.",
  },
  /** A key was used before for another input. */
  "transaction.saga_key_reused": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use a key of its own for each piece of work, or pass the same input again.",
  },
  /** There is no saga of this id or name. */
  "transaction.saga_unknown": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Check the id; sagas that ended long ago may have been pruned.",
  },
} as const;

/** The codes of `transactionErrorCodes`. */
export type TransactionErrorCode = keyof typeof transactionErrorCodes;

/** Makes an error of this package. */
export const transactionError: ErrorFactory<TransactionErrorCode> =
  createErrorFactory(transactionErrorCodes);
