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
  /** An operation over a set named the item at fault; `cause` is what it failed with. */
  "batch.item_failed": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Look at the cause, correct the item and process it again.",
  },
  /** An option was to be changed that is fixed once a job has begun. */
  "batch.option_fixed": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Start a new job with the other setting.",
  },
  /** A job was to be changed after its end. */
  "batch.job_ended": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Look at the result; start a new job for more items.",
  },
  /** Another process works on the job. */
  "batch.job_taken": {
    severity: "low",
    recoverable: true,
    retryable: true,
    hint: "Wait until the other one has ended, or until its lease has run out.",
  },
  /** Another process has taken the job over; nothing more is written for it here. */
  "batch.job_lost": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Look at who works on the job now; this run has ended.",
  },
  /** The input is not the one that the job was begun with. */
  "batch.input_differs": {
    severity: "medium",
    recoverable: false,
    retryable: false,
    hint: "Give the same items in the same order, or begin a job with another id.",
  },
  /** A checkpoint has more gaps than it can keep. */
  "batch.checkpoint_full": {
    severity: "medium",
    recoverable: false,
    retryable: false,
    hint: "Look at why so many batches fail, then process the job again under its id.",
  },
  /** A stored checkpoint cannot be read. */
  "batch.checkpoint_invalid": {
    severity: "critical",
    recoverable: false,
    retryable: false,
    hint: "Find out what has changed the table of jobs.",
  },
} as const;

/** The codes of {@link batchErrorCodes}. */
export type BatchErrorCode = keyof typeof batchErrorCodes;

/** Makes an error of this package. */
export const batchError: ErrorFactory<BatchErrorCode> = createErrorFactory(batchErrorCodes);
