import type { BatchInput } from "./batches-of.ts";
import type { BatchOperation } from "./batch-operation.ts";
import type { BatchOptions, ProcessorOptions } from "./batch-options.ts";
import type { BatchResult } from "./batch-result.ts";

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
    operation: BatchOperation<Item, Result>,
    options?: BatchOptions<Item> & { readonly processor?: undefined },
  ): Promise<BatchResult<Result>>;

  /**
   * Runs the operation on each item through a processor.
   *
   * @throws {AtlasError} batch.not_atomic when the mode is all-or-nothing and the processor
   * cannot undo
   * @throws {AtlasError} batch.too_many_items when the mode is all-or-nothing and there are more
   * than `itemsMax`
   * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
   */
  process<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchOperation<Item, Result, Transaction>,
    options: ProcessorOptions<Input, Item, Transaction>,
  ): Promise<BatchResult<Result>>;
}
