import type { ErrorCode } from "@atlas/errors";
import type { RetryItems } from "./retry-items.ts";

/** The fate of one item. */
export type ItemStatus = "succeeded" | "failed" | "skipped" | "cancelled" | "rolledBack";

/** The fate of one item with what is known about it. */
export interface ItemReport<Result> {
  readonly index: number;
  /** What `keyOf` said of the item. */
  readonly key?: string;
  readonly status: ItemStatus;
  /** Attempts made; 0 when the item was never begun. */
  readonly attempts: number;
  /** Present when it succeeded. */
  readonly result?: Result;
  /** Present when it failed, was skipped or was rolled back. */
  readonly error?: unknown;
}

/** How many items met each fate. */
export interface BatchCounts extends Readonly<Record<ItemStatus, number>> {
  /** Items taken from the input. */
  readonly total: number;
}

/** All errors of one code. */
export interface BatchErrorSummary {
  readonly code: ErrorCode;
  readonly count: number;
  /** The position of the first item that met it. */
  readonly firstIndex: number;
}

/**
 * Why a batch ended before its input did: it was cancelled, more items than
 * `skipLimit` were passed over, a failure made going on pointless, or the
 * input itself failed.
 */
export type StopReason = "cancelled" | "skipLimit" | "failed" | "inputFailed";

/** What became of a batch: exact counts, and lists of bounded length. */
export interface BatchResult<Result, Input = unknown> {
  /** True when every item succeeded and nothing stopped the batch. */
  readonly ok: boolean;
  readonly counts: BatchCounts;
  /** Items that did not succeed, by position; at most `failuresMax`. */
  readonly failures: readonly ItemReport<Result>[];
  /** All items by position, if asked for; at most `outcomesMax`. */
  readonly outcomes: readonly ItemReport<Result>[];
  /** True when `failures`, or `outcomes` if asked for, had no room for an item. */
  readonly truncated: boolean;
  /** What failed, was rolled back or cancelled, ready to be given to `process`. */
  readonly retryItems: RetryItems<Input>;
  /** The errors of failed, skipped and rolled back items, the most frequent first. */
  readonly errors: readonly BatchErrorSummary[];
  readonly stopped?: StopReason;
  /** What stopped it, when that was an error. */
  readonly stopError?: unknown;
  /** Attempts after the first, all items together. */
  readonly retries: number;
  readonly durationMs: number;
}
