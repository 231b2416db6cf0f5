import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes this package throws. */
export const engineErrorCodes = {
  /** The stored record has another version than the caller expects. */
  "operation.version_conflict": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Read the record again, apply the change to what is stored now, and save that.",
  },
  /** A query names what the collection does not have, or asks for more than is allowed. */
  "operation.query_invalid": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Correct the part of the query that the message names.",
  },
  /** A cursor was altered, or belongs to another query. */
  "operation.cursor_invalid": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Pass nextCursor unchanged and repeat the same filter and order, or start without one.",
  },
  /** The engine was opened without this collection. */
  "operation.collection_unknown": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Add the collection to the ones the engine is opened with.",
  },
  /** More records were given at once than one call accepts. */
  "operation.too_many_records": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Split the records over several calls; inside one transaction they stay together.",
  },
  /** A call that belongs to a transaction was made outside one. */
  "operation.transaction_required": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Call it inside `atomic`, together with the writes it belongs to.",
  },
  /** The engine was closed. */
  "operation.engine_closed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Open the engine again over an open database.",
  },
  /** A collection is declared in a way that contradicts itself. */
  "configuration.collection_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Correct the declaration of the collection.",
  },
} as const;

/** The codes of {@link engineErrorCodes}. */
export type EngineErrorCode = keyof typeof engineErrorCodes;

/** Makes an error of this package. */
export const engineError: ErrorFactory<EngineErrorCode> = createErrorFactory(engineErrorCodes);
