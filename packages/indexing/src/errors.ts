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
  /** A search names columns its index does not have, or a display that is out of range. */
  "index.search_invalid": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Correct the options that the message names.",
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
  /** A table is stored without the primary key it is declared with. */
  "index.primary_missing": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Migrate the rows to a table that was created from its declaration.",
  },
  /** A signal ended a verification or a rebuild between two slices. */
  "index.aborted": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Start it again when there is time; a rebuild goes on where it was.",
  },
  /** Nodes wait for each other in a circle, so no path is the longest. */
  "index.graph_cycle": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Remove one of the edges between the nodes in details.nodes.",
  },
  /** A graph has more nodes or edges than were to be looked at. */
  "index.graph_too_large": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Look at a part of the graph, or raise the bound up to its maximum.",
  },
} as const;

/** The codes of {@link indexErrorCodes}. */
export type IndexErrorCode = keyof typeof indexErrorCodes;

/** Makes an error of this package. */
export const indexError: ErrorFactory<IndexErrorCode> = createErrorFactory(indexErrorCodes);
