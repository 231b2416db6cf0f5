import type { BatchValidationResult } from "@atlas/validation";
import type { BatchItemPlace, BatchWorkload } from "./batch-operation.ts";

/** Whether one failure undoes the others. */
export type BatchMode = "item-by-item" | "all-or-nothing";

/** One item on its way through a batch. */
export interface BatchEntry<Input> extends BatchItemPlace {
  readonly item: Input;
}

/** Items that are processed together. */
export interface Batch<Input, Transaction = unknown> {
  readonly entries: readonly BatchEntry<Input>[];
  readonly mode: BatchMode;
  readonly signal: AbortSignal;
  /**
   * To be called last inside the transaction, with what becomes of the entries
   * when it is committed: a checkpoint is written with the data it covers. What
   * it throws must undo the transaction.
   */
  readonly beforeCommit?: (
    outcomes: readonly ItemOutcome<unknown>[],
    transaction: Transaction,
  ) => Promise<void>;
}

/** What became of one item in one attempt. */
export type ItemOutcome<Result> =
  | { readonly status: "succeeded"; readonly result: Result }
  /** The operation failed, or the outcome of its transaction is not known. */
  | { readonly status: "failed"; readonly error: unknown }
  /** Validation refused the item, so it was passed over. */
  | { readonly status: "skipped"; readonly error: unknown }
  /** The item itself may be fine; something else undid it. */
  | { readonly status: "rolledBack"; readonly error: unknown }
  /** Never begun, or ended because the batch was cancelled. */
  | { readonly status: "cancelled" };

/** What became of one batch in one attempt. */
export interface BatchOutcome<Result> {
  /** One per entry, in their order. */
  readonly items: readonly ItemOutcome<Result>[];
  /** Present when the batch as a whole failed, as its transaction may. */
  readonly failure?: { readonly error: unknown };
}

/** What a validation says of the items of one batch. */
export interface BatchJudgement<Item> extends Pick<BatchValidationResult<Item>, "results"> {
  /** An error among these refuses the whole batch. */
  readonly stateIssues?: BatchValidationResult<Item>["stateIssues"];
}

/**
 * Validates the items of one batch, with one result per item:
 * `(items, context) => coordinator.validateMany(items, { context })`.
 */
export type BatchValidate<Input, Item, Transaction> = (
  items: readonly Input[],
  transaction: Transaction,
) => BatchJudgement<Item> | Promise<BatchJudgement<Item>>;

/** Carries out one batch. Retries, concurrency and reports are the coordinator's. */
export interface BatchProcessor<Input, Item = Input, Transaction = undefined> {
  /** Items per batch unless the caller says otherwise. */
  readonly batchSizeDefault: number;
  /** True when a failure can undo the whole batch. */
  readonly supportsAllOrNothing: boolean;
  /** True when `beforeCommit` is called inside the transaction of the batch. Default: false. */
  readonly supportsCheckpoints?: boolean;
  /** Runs the operation on each entry. Does not reject for what an item or transaction does. */
  processBatch<Result>(
    batch: Batch<Input, Transaction>,
    operation: BatchWorkload<Item, Result, Transaction>,
  ): Promise<BatchOutcome<Result>>;
}
