import type { BatchJob } from "./batch-job.ts";
import type { BatchWorkload } from "./batch-operation.ts";
import type { BatchOptions, ProcessorOptions } from "./batch-options.ts";
import type { BatchResult } from "./batch-result.ts";
import type { BatchInput } from "./batch-source.ts";

/** Options of a batch whose items need no transaction. */
export interface PlainOptions<Input> extends BatchOptions<Input> {
  readonly processor?: undefined;
  readonly checkpoint?: undefined;
}

/**
 * Processes many items and says of each what became of it.
 *
 * A batch that fails resolves too: what items, transactions and the input do
 * wrong stands in the result. The input is read no further ahead than the
 * batches that are being processed.
 */
export interface BatchCoordinator {
  /**
   * Runs the operation on each item, without a transaction.
   *
   * @throws {AtlasError} batch.not_atomic when the mode is all-or-nothing
   * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
   */
  process<Item, Result>(
    items: BatchInput<Item>,
    operation: BatchWorkload<Item, Result>,
    options?: PlainOptions<Item>,
  ): Promise<BatchResult<Result, Item>>;

  /**
   * Runs the operation on each item through a processor.
   *
   * @throws {AtlasError} batch.not_atomic when the mode is all-or-nothing, or there is a
   * checkpoint, and the processor cannot undo
   * @throws {AtlasError} batch.too_many_items when the mode is all-or-nothing and there are more
   * than `itemsMax`
   * @throws {AtlasError} batch.job_taken, batch.job_lost, batch.input_differs with a checkpoint
   * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
   */
  process<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchWorkload<Item, Result, Transaction>,
    options: ProcessorOptions<Input, Item, Transaction>,
  ): Promise<BatchResult<Result, Input>>;

  /**
   * Begins what `process` does and hands out the job: to watch, pause, change or
   * cancel it. Throws at once for options; everything else is up to its `result`.
   */
  start<Item, Result>(
    items: BatchInput<Item>,
    operation: BatchWorkload<Item, Result>,
    options?: PlainOptions<Item>,
  ): BatchJob<Result, Item>;

  /** Begins what `process` does through a processor. */
  start<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchWorkload<Item, Result, Transaction>,
    options: ProcessorOptions<Input, Item, Transaction>,
  ): BatchJob<Result, Input>;
}
