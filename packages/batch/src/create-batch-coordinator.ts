import type { BatchCoordinator } from "./batch-coordinator.ts";
import {
  resolveCoordinatorOptions,
  type BatchCoordinatorOptions,
} from "./batch-coordinator-options.ts";
import { BatchJob, type BatchWork } from "./batch-job.ts";
import type { BatchOperation } from "./batch-operation.ts";
import { resolveBatchOptions, type BatchOptions, type ProcessorOptions } from "./batch-options.ts";
import type { BatchProcessor } from "./batch-processor.ts";
import type { BatchResult } from "./batch-result.ts";
import type { BatchInput } from "./batches-of.ts";
import { batchError } from "./errors.ts";
import { createPlainBatchProcessor } from "./memory-batch-processor.ts";

/**
 * Makes a coordinator. It owns nothing and needs no closing.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function createBatchCoordinator(options: BatchCoordinatorOptions = {}): BatchCoordinator {
  return new Coordinator(resolveCoordinatorOptions(options));
}

class Coordinator implements BatchCoordinator {
  readonly #tools: Required<BatchCoordinatorOptions>;

  constructor(tools: Required<BatchCoordinatorOptions>) {
    this.#tools = tools;
  }

  process<Item, Result>(
    items: BatchInput<Item>,
    operation: BatchOperation<Item, Result>,
    options?: BatchOptions<Item> & { readonly processor?: undefined },
  ): Promise<BatchResult<Result>>;
  process<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchOperation<Item, Result, Transaction>,
    options: ProcessorOptions<Input, Item, Transaction>,
  ): Promise<BatchResult<Result>>;
  process<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchOperation<Item, Result, Transaction>,
    options: BatchOptions<Input> & {
      readonly processor?: BatchProcessor<Input, Item, Transaction> | undefined;
    } = {},
  ): Promise<BatchResult<Result>> {
    // Without a processor the first signature holds: Item is Input, Transaction is undefined.
    const plain = createPlainBatchProcessor<Input>() as unknown as BatchProcessor<
      Input,
      Item,
      Transaction
    >;
    return this.#run(
      { input: items, operation },
      { ...options, processor: options.processor ?? plain },
    );
  }

  async #run<Input, Item, Result, Transaction>(
    work: BatchWork<Input, Item, Result, Transaction>,
    options: ProcessorOptions<Input, Item, Transaction>,
  ): Promise<BatchResult<Result>> {
    const resolved = resolveBatchOptions(options);
    if (resolved.mode === "all-or-nothing" && !resolved.processor.supportsAllOrNothing) {
      throw batchError(
        "batch.not_atomic",
        "All or nothing was asked of a processor that cannot undo what an operation has done.",
      );
    }
    return new BatchJob(work, resolved, this.#tools).run();
  }
}
