import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes this package throws. */
export const indexErrorCodes = {
  /** A declaration contradicts itself, another one, or the declared tables. */
  "index.declaration_invalid": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Correct the declaration that the message names.",
  },
  /** No index of this name is declared. */
  "index.unknown": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use one of the declared names; details.known lists them.",
  },
  /** A text search was asked of an index that is not a search index. */
  "index.not_searchable": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Declare an index of kind `search` over the columns to search in.",
  },
  /** Maintained columns were to be updated outside a transaction. */
  "index.transaction_required": {
    severity: "high",
    recoverable: true,
    retryable: false,
    hint: "Update indexes inside the transaction that changes the data.",
  },
  /** Maintained columns change each other without coming to an end. */
  "index.cascade_endless": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Look for rows that form a circle, or for two columns that are declared by each other.",
  },
  /** More keys were given to one update than it accepts. */
  "index.too_many_keys": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Split the changes into several updates inside the same transaction.",
  },
} as const;

/** The codes of {@link indexErrorCodes}. */
export type IndexErrorCode = keyof typeof indexErrorCodes;

/** Makes an error of this package. */
export const indexError: ErrorFactory<IndexErrorCode> = createErrorFactory(indexErrorCodes);
