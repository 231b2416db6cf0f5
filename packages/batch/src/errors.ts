import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes this package throws. */
export const batchErrorCodes = {
  /** Some items did not succeed; `details` counts them. */
  "batch.failed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Look at the failures in the result, correct the items and process them again.",
  },
  /** All-or-nothing was asked of a processor that cannot undo. */
  "batch.not_atomic": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Use a transactional processor, or process item by item.",
  },
  /** More items were given all-or-nothing than `itemsMax` allows; nothing was begun. */
  "batch.too_many_items": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Split the items into smaller parts, or process them item by item.",
  },
} as const;

/** The codes of {@link batchErrorCodes}. */
export type BatchErrorCode = keyof typeof batchErrorCodes;

/** Makes an error of this package. */
export const batchError: ErrorFactory<BatchErrorCode> = createErrorFactory(batchErrorCodes);
