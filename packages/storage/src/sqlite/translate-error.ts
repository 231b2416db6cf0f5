import { analyze, AtlasError, type TransactionState } from "@atlas/errors";
import type { TableSet } from "../change-feed.ts";
import { storageError, type StorageErrorCode } from "../errors.ts";
import { constraintOf, describeConstraint } from "./constraint.ts";

/** Where a driver error happened; decides what may be said about it. */
export interface ErrorPlace {
  readonly during: "open" | "prepare" | "run" | "commit";
  /** The file, for messages. */
  readonly location?: string;
  /** Overrides what the code alone says. */
  readonly txState?: TransactionState;
  /** The tables that were written; a damaged index that was met belongs to one of them. */
  readonly tables?: TableSet;
}

/** Sentences for codes whose cause lies outside the statement. */
const sentences: Readonly<Partial<Record<StorageErrorCode, string>>> = {
  "storage.busy": "is locked by another process. Wait a moment and try again",
  "storage.disk_full": "cannot grow because the disk is full. Free space and try again",
  "storage.io_failed": "could not be read or written by the device. Check the disk",
  "storage.corrupt": "is damaged. Stop writing, keep a copy, and restore the last good backup",
  "storage.not_a_database": "is not a SQLite database. Check the path",
  "storage.readonly": "does not accept writes. Check its permissions and those of its disk",
  "storage.cannot_open": "cannot be opened. Check that its directory may be read and written",
  "storage.permission_denied": "may not be used by this user. Check its permissions",
  "storage.out_of_memory": "ran out of memory. Give the process more memory and try again",
  "storage.too_big": "does not accept a value or statement of this size. Make it smaller",
  "storage.locked": "is in use by another statement of this process. Finish that one first",
  "storage.snapshot_stale": "changed since the transaction began. Run it again from the start",
  "index.corrupt": "has an index that contradicts its data. Rebuild the index",
};

/**
 * Turns an error of the driver into one of this package, with the original as
 * its cause. Messages never hold bound values.
 */
export function translateError(cause: unknown, place: ErrorPlace): AtlasError {
  if (AtlasError.is(cause)) return cause;
  if (!isSqliteError(cause)) return translateMisuse(cause, place);
  const { code, txState, context } = analyze(cause);
  const state = place.txState ?? txState;
  const known = code === "storage.constraint" ? constraintOf(cause) : undefined;
  return storageError(code as StorageErrorCode, messageFor(code, cause, place), {
    cause,
    ...(state === undefined ? {} : { txState: state }),
    details: {
      ...context,
      ...(place.location === undefined ? {} : { location: place.location }),
      ...(known === undefined ? {} : { constraint: known }),
      ...(code === "index.corrupt" ? tablesOf(place) : {}),
    },
  });
}

/** True when an index contradicts its data and the file itself is not in question. */
export function isIndexDamage(error: unknown): error is AtlasError {
  return AtlasError.is(error) && error.code === "index.corrupt";
}

/** True for errors that mean: another connection holds a lock, try again. */
export function isBusy(cause: unknown): boolean {
  return isSqliteError(cause) && analyze(cause).code === "storage.busy";
}

function isSqliteError(cause: unknown): cause is Error & { readonly code: string } {
  return (
    cause instanceof Error &&
    "code" in cause &&
    typeof cause.code === "string" &&
    cause.code.startsWith("SQLITE_")
  );
}

function tablesOf({ tables }: ErrorPlace): { readonly tables?: readonly string[] } {
  return tables === undefined || tables === "all" || tables.size === 0
    ? {}
    : { tables: [...tables].toSorted() };
}

function messageFor(code: string, cause: Error, place: ErrorPlace): string {
  const subject = place.location === undefined ? "The database" : `The database ${place.location}`;
  const sentence = sentences[code as StorageErrorCode];
  if (sentence !== undefined) return `${subject} ${sentence}.`;
  if (code === "storage.constraint") return describeConstraint(constraintOf(cause));
  // While it is prepared a statement has no values, so the text of SQLite is
  // safe to pass on; afterwards it may quote what was bound.
  if (place.during === "prepare") return `The database refused the statement: ${cause.message}.`;
  return "The database could not run the statement. The cause says why.";
}

// Errors without a code come from the driver's own checks of its arguments.
function translateMisuse(cause: unknown, place: ErrorPlace): AtlasError {
  if (place.during === "prepare") {
    const reason = cause instanceof Error ? `: ${cause.message}` : ".";
    return storageError(
      "storage.statement_invalid",
      `The statement cannot be prepared${reason}. Give exactly one statement.`,
      { cause },
    );
  }
  if (place.during === "run") {
    return storageError(
      "storage.value_invalid",
      "The statement cannot take the values it was given: their number or a type is wrong. " +
        "Give one string, number, 64-bit bigint, bytes or null for each placeholder.",
      { cause },
    );
  }
  const subject = place.location === undefined ? "The database" : `The database ${place.location}`;
  return storageError("storage.cannot_open", `${subject} cannot be opened.`, { cause });
}
