import { createErrorFactory, type ErrorFactory } from "./error-code-table.ts";

/**
 * The codes `analyze` gives to errors of SQLite, the file system, schemas and
 * the runtime, and the two that `checkOptions` throws.
 */
export const commonErrorCodes = {
  /** An options object has a key that does not exist. */
  "configuration.unknown_option": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the name of the option.",
  },
  /** An option has a value outside its documented range. */
  "configuration.invalid_option": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give the option a value inside its documented range.",
  },
  /** Input does not have the required form. */
  "validation.failed": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Correct the fields named in the issues and call again.",
  },
  /** Another connection holds the lock that was needed. */
  "storage.busy": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "statement",
    hint: "Wait a moment and try again; another connection is writing.",
  },
  /** A transaction wanted to write after another one had changed what it read. */
  "storage.snapshot_stale": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "transaction",
    hint: "Roll back and run the whole transaction again, beginning with BEGIN IMMEDIATE.",
  },
  /** A statement conflicts with another one of the same process. */
  "storage.locked": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Finish or close the other statement of this process first; waiting does not help.",
  },
  /** The disk or the quota is full. */
  "storage.disk_full": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Free space on the disk that holds the data, then call again.",
  },
  /** The device failed to read, write or sync. */
  "storage.io_failed": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Close the database, check the disk, open it again and verify it before going on.",
  },
  /** Memory ran out inside the database or the operating system. */
  "storage.out_of_memory": {
    severity: "high",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Lower the cache sizes or give the process more memory, then call again.",
  },
  /** The database file is damaged. */
  "storage.corrupt": {
    severity: "critical",
    recoverable: false,
    retryable: false,
    hint: "Stop writing, keep a copy of the files, and restore the last verified backup.",
  },
  /** The file is not a SQLite database. */
  "storage.not_a_database": {
    severity: "critical",
    recoverable: false,
    retryable: false,
    hint: "Check that the path names an Atlas data file.",
  },
  /** A row breaks a declared constraint. */
  "storage.constraint": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Change the data so that it meets the constraint.",
  },
  /** The database or its disk does not accept writes. */
  "storage.readonly": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Check who owns the data directory and whether its disk is mounted for writing.",
  },
  /** The database file cannot be opened. */
  "storage.cannot_open": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Check that the data directory exists and that this user may read and write it.",
  },
  /** The user of this process lacks a right. */
  "storage.permission_denied": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Give the user that runs Atlas the right to use the file, or choose another place.",
  },
  /** A file or directory does not exist. */
  "storage.file_not_found": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Check the path.",
  },
  /** A file or directory exists that must not. */
  "storage.file_exists": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Choose another name, or move the existing file away.",
  },
  /** Another process uses the file. */
  "storage.file_busy": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Wait until the other process is done with the file, then call again.",
  },
  /** A path cannot name what it should. */
  "storage.invalid_path": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the path.",
  },
  /** The process or the system has no file descriptors left. */
  "storage.too_many_files": {
    severity: "high",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Close files, or raise the limit on open files of this process.",
  },
  /** The statement is wrong, or the schema is not the one it was written for. */
  "storage.statement_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Correct the statement, or migrate the schema it was written for.",
  },
  /** A value or a statement is larger than the database accepts. */
  "storage.too_big": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Make the value smaller or split it.",
  },
  /** The database failed in a way that has no code of its own here. */
  "storage.failed": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Look at the cause in the log.",
  },
  /** The database ended the transaction on its own. */
  "transaction.aborted": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "transaction",
    hint: "Run the whole transaction again.",
  },
  /** An index contradicts its data; the data itself is sound. */
  "index.corrupt": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Rebuild the index from its data, then call again.",
  },
  /** The caller gave up. */
  "operation.cancelled": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Nothing is wrong; the operation was stopped on request.",
  },
  /** The time allowed was over. */
  "operation.timeout": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Try again, or allow more time.",
  },
  /** The program is wrong: an assertion, a type or a range did not hold. */
  "operation.defect": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Report this with the stack from the log; trying again does not help.",
  },
  /** Nothing is known about the value that was thrown. */
  "operation.unknown": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Look at the cause in the log.",
  },
} as const;

/** The codes that this package itself gives. */
export type CommonErrorCode = keyof typeof commonErrorCodes;

/** Makes an error with one of the common codes. */
export const commonError: ErrorFactory<CommonErrorCode> = createErrorFactory(commonErrorCodes);
