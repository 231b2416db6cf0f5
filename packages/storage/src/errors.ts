import {
  commonErrorCodes,
  createErrorFactory,
  type CommonErrorCode,
  type ErrorFactory,
} from "@atlas/errors";

/**
 * The codes that only storage gives. What SQLite and the file system report
 * comes with the codes that `@atlas/errors` knows for them.
 */
export const storageErrorCodes = {
  /** The database was closed before the call. */
  "storage.closed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Open the database again; close it only when nothing uses it any more.",
  },
  /** A reader or connection was used after the body it was given to had ended. */
  "storage.handle_closed": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Await every call inside the body, and do not keep the handle for later.",
  },
  /** No reader became free in time. */
  "storage.acquire_timeout": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "End reads sooner, raise the number of readers, or allow a longer wait.",
  },
  /** A read was ended because it kept the log from being cut back. */
  "storage.snapshot_expired": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Read again, in smaller parts; do no slow work inside a read.",
  },
  /** A scan did not end within its `timeoutMs` and was stopped. */
  "storage.query_timeout": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Allow more time, or ask for less: a narrower condition, an index, fewer rows.",
  },
  /** The thread or process of a scan ended before its query did. */
  "storage.scan_failed": {
    severity: "high",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Try again; if it happens again, give the machine more memory.",
  },
  /** More calls wait for a connection than the queue may hold. */
  "storage.queue_full": {
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Send fewer calls at once, or try again when some of them are done.",
  },
  /** Somebody else was given the writer of this database. */
  "storage.writer_taken": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Write through the transaction manager that owns the writer.",
  },
  /** A write was started inside a write of the same database. */
  "storage.reentrant_write": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Use the connection the outer body was given; a second write would wait for itself.",
  },
  /** A statement or verb needs a transaction, and there is none. */
  "storage.no_transaction": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Begin a transaction first; if one was open, the database has rolled it back.",
  },
  /** A transaction was begun while another one was open on the same connection. */
  "storage.transaction_open": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Commit or roll back the open transaction first, or use a savepoint.",
  },
  /** A statement that was run again, to undo what came after it, did something else. */
  "storage.step_not_restored": {
    severity: "high",
    recoverable: true,
    retryable: true,
    hint: "Roll the transaction back and run it again.",
  },
  /** The lease on the writer was given back before the call. */
  "storage.lease_released": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Take the writer again; do not keep the lease after releasing it.",
  },
  /** The device did not confirm that what was committed is on stable storage. */
  "storage.sync_failed": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Check the disk, then reopen the database and look whether the change is there.",
  },
  /** The database must be reopened and checked before it accepts another commit. */
  "storage.reopen_required": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Reopen the database; it is checked before writing goes on.",
  },
  /** The file belongs to another program. */
  "storage.foreign_file": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Choose the path of a data file of this program, or one where no file is.",
  },
  /** The file is on a network file system. */
  "storage.network_file_system": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Keep the data file on a disk of this machine.",
  },
  /** The driver package is not installed. */
  "storage.driver_missing": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Install better-sqlite3 next to this package.",
  },
  /** This version of Node cannot load the driver. */
  "storage.runtime_too_old": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Run the program with Node 22.15 or newer.",
  },
  /** The driver brings a version of SQLite that can lose data. */
  "storage.engine_too_old": {
    severity: "critical",
    recoverable: false,
    retryable: false,
    hint: "Install a newer version of the driver.",
  },
  /** A setting that the guarantees rest on did not take effect. */
  "storage.setting_refused": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Use the unchanged driver, and keep the file where SQLite can use a write-ahead log.",
  },
  /** A table declaration contradicts itself. */
  "storage.table_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Correct the declaration of the table.",
  },
  /** A query cannot be built as asked. */
  "storage.query_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Correct the part of the query that the message names.",
  },
  /** A query was run without a value for one of its placeholders. */
  "storage.value_missing": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give a value for each placeholder; use null for no value.",
  },
  /** A value is of a kind that the column or SQL cannot hold. */
  "storage.value_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give a string, a number, a bigint of 64 bits, bytes or null, as the column asks for.",
  },
  /** A stored integer is too large for a JavaScript number. */
  "storage.integer_too_large": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Select the column as text, with CAST, to get all its digits.",
  },
  /** A stored value does not have the form its column declares. */
  "storage.row_invalid": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Find out which program wrote the row, and correct it.",
  },
  /** The file was written by a newer version of the program. */
  "storage.schema_newer": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Upgrade the program; the file was not changed.",
  },
  /** A migration that has been applied is not the one the program brings. */
  "storage.migration_changed": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Restore the applied migration and put the change into a new one.",
  },
  /** A list of migrations is not in order. */
  "storage.migration_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Number the migrations with rising whole numbers, and give each a name and a content.",
  },
  /** A migration failed; the schema is as the one before it left it. */
  "storage.migration_failed": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Look at the cause; what was there before the migration is unchanged.",
  },
  /** A finished backup does not hold what the database holds. */
  "storage.backup_invalid": {
    severity: "critical",
    recoverable: true,
    retryable: false,
    hint: "Check the disk of the target, and make the backup again; the old one is untouched.",
  },
  /** The parts of a storage module do not fit together. */
  "storage.module_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Switch on the part that is needed, or switch off the one that needs it.",
  },
  /** A key or pattern is not one that a cache takes. */
  "storage.cache_key_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Give keys of up to 4,096 characters and patterns of up to 256, and no empty ones.",
  },
} as const;

/** Every code an error of this package may have. */
export type StorageErrorCode = keyof typeof storageErrorCodes | CommonErrorCode;

/** Makes an error of this package. */
export const storageError: ErrorFactory<StorageErrorCode> = createErrorFactory({
  ...commonErrorCodes,
  ...storageErrorCodes,
});
