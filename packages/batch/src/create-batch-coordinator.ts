import type { BatchCoordinator } from "./batch-coordinator.ts";
import {
  resolveCoordinatorOptions,
  type BatchCoordinatorOptions,
} from "./batch-coordinator-options.ts";
import type { BatchJob } from "./batch-job.ts";
import type { BatchWorkload } from "./batch-operation.ts";
import { resolveBatchOptions, type BatchOptions, type ProcessorOptions } from "./batch-options.ts";
import type { BatchProcessor } from "./batch-processor.ts";
import type { BatchResult } from "./batch-result.ts";
import type { BatchInput } from "./batch-source.ts";
import { batchError } from "./errors.ts";
import { JobRun } from "./job-run.ts";
import { createPlainBatchProcessor } from "./memory-batch-processor.ts";
import { isRetryItems } from "./retry-items.ts";

/**
 * Makes a coordinator. It owns nothing and needs no closing.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function createBatchCoordinator(options: BatchCoordinatorOptions = {}): BatchCoordinator {
  return new Coordinator(resolveCoordinatorOptions(options));
}

/** Options of which it is not known yet whether they name a processor. */
interface AnyOptions<Input, Item, Transaction> extends BatchOptions<Input> {
  readonly processor?: BatchProcessor<Input, Item, Transaction> | undefined;
  readonly checkpoint?: ProcessorOptions<Input, Item, Transaction>["checkpoint"] | undefined;
}

class Coordinator implements BatchCoordinator {
  readonly #tools: Required<BatchCoordinatorOptions>;
  #jobs = 0;

  constructor(tools: Required<BatchCoordinatorOptions>) {
    this.#tools = tools;
  }

  async process<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchWorkload<Item, Result, Transaction>,
    options: AnyOptions<Input, Item, Transaction> = {},
  ): Promise<BatchResult<Result, Input>> {
    return this.#start(items, operation, options).result;
  }

  start<Input, Item, Result, Transaction>(
    items: BatchInput<Input>,
    operation: BatchWorkload<Item, Result, Transaction>,
    options: AnyOptions<Input, Item, Transaction> = {},
  ): BatchJob<Result, Input> {
    return this.#start(items, operation, options);
  }

  #start<Input, Item, Result, Transaction>(
    input: BatchInput<Input>,
    operation: BatchWorkload<Item, Result, Transaction>,
    options: AnyOptions<Input, Item, Transaction>,
  ): JobRun<Input, Item, Result, Transaction> {
    // Without a processor the first signature holds: Item is Input, Transaction is undefined.
    const plain = createPlainBatchProcessor<Input>() as unknown as BatchProcessor<
      Input,
      Item,
      Transaction
    >;
    const { checkpoint, processor = plain, ...rest } = options;
    const durable = checkpoint === undefined ? {} : { checkpoint };
    const resolved = resolveBatchOptions({ ...rest, ...durable, processor });
    const { mode } = resolved;
    if (mode === "all-or-nothing" && !processor.supportsAllOrNothing) {
      throw batchError(
        "batch.not_atomic",
        "All or nothing was asked of a processor that cannot undo what an operation has done.",
      );
    }
    if (checkpoint !== undefined && processor.supportsCheckpoints !== true) {
      throw batchError(
        "batch.not_atomic",
        "A checkpoint was given to a processor that cannot write it together with its items.",
      );
    }
    if (checkpoint !== undefined && isRetryItems(input)) {
      throw batchError(
        "batch.input_differs",
        "The retry items of a result are a part of the input that a checkpoint counts in. " +
          "Process them without one.",
      );
    }
    this.#jobs += 1;
    return new JobRun({ input, operation, job: this.#jobs }, resolved, this.#tools);
  }
}
