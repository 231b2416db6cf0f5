import { checkOptions, type OptionRules } from "@atlas/errors";
import type { BatchProgress, BatchStrategy } from "./batch-event.ts";
import type { BatchMode, BatchProcessor } from "./batch-processor.ts";
import { isRetryable, retryDefaults, type RetryOptions } from "./retry-policy.ts";

/** How items are processed. */
export interface BatchOptions<Input> {
  /** Default: `sequential`. */
  readonly strategy?: BatchStrategy;
  /** Batches at the same time, if `concurrent`. Default: 4; maximum 256. */
  readonly concurrency?: number;
  /** Items per batch. Default: the processor's; maximum 10,000. */
  readonly batchSize?: number;
  /** Default: `item-by-item`. */
  readonly mode?: BatchMode;
  readonly retry?: RetryOptions;
  /**
   * Item by item: how many items may fail or be skipped before the batch
   * stops. Batches that have begun are finished. Default: no limit.
   */
  readonly skipLimit?: number;
  /** All or nothing: items accepted. Default: 10,000; maximum 1,000,000. */
  readonly itemsMax?: number;
  /** Stops the batch: nothing new is begun, retries end. Default: never. */
  readonly signal?: AbortSignal;
  /** A name for each item in reports. Default: none. */
  readonly keyOf?: (item: Input, index: number) => string;
  /** Unsuccessful items kept in the result. Default: 1,000; maximum 100,000. */
  readonly failuresMax?: number;
  /** Items of any fate kept in the result. Default: 0; maximum 1,000,000. */
  readonly outcomesMax?: number;
  /** Told after each batch; what it throws is ignored. Default: none. */
  readonly onProgress?: (progress: BatchProgress) => void;
}

/** Options that name the processor. */
export interface ProcessorOptions<Input, Item, Transaction> extends BatchOptions<Input> {
  readonly processor: BatchProcessor<Input, Item, Transaction>;
}

/** What a batch does when nothing is said. */
export const batchDefaults: {
  readonly strategy: "sequential";
  readonly concurrency: 4;
  readonly mode: "item-by-item";
  readonly itemsMax: 10_000;
  readonly failuresMax: 1_000;
  readonly outcomesMax: 0;
} = Object.freeze({
  strategy: "sequential",
  concurrency: 4,
  mode: "item-by-item",
  itemsMax: 10_000,
  failuresMax: 1_000,
  outcomesMax: 0,
});

/** The options of one batch with nothing left out that has a default. */
export interface ResolvedBatchOptions<Input, Item, Transaction> {
  readonly processor: BatchProcessor<Input, Item, Transaction>;
  readonly strategy: BatchStrategy;
  readonly concurrency: number;
  readonly batchSize: number;
  readonly mode: BatchMode;
  readonly retry: Required<RetryOptions>;
  readonly skipLimit: number;
  readonly itemsMax: number;
  readonly signal: AbortSignal;
  readonly keyOf: ((item: Input, index: number) => string) | undefined;
  readonly failuresMax: number;
  readonly outcomesMax: number;
  readonly onProgress: (progress: BatchProgress) => void;
}

const known: OptionRules<ProcessorOptions<never, never, never>> = {
  processor: "any",
  strategy: ["sequential", "concurrent"],
  concurrency: { min: 1, max: 256 },
  batchSize: { min: 1, max: 10_000 },
  mode: ["item-by-item", "all-or-nothing"],
  retry: "any",
  skipLimit: { min: 0, max: Number.MAX_SAFE_INTEGER },
  itemsMax: { min: 1, max: 1_000_000 },
  signal: "any",
  keyOf: "any",
  failuresMax: { min: 0, max: 100_000 },
  outcomesMax: { min: 0, max: 1_000_000 },
  onProgress: "any",
};

const knownOfRetry: OptionRules<RetryOptions> = {
  attemptsMax: { min: 1, max: 100 },
  baseDelayMs: { min: 0, max: 60_000 },
  maxDelayMs: { min: 0, max: 3_600_000 },
  when: "any",
};

/** Copies the options, fills in the defaults and refuses what cannot be used. */
export function resolveBatchOptions<Input, Item, Transaction>(
  options: ProcessorOptions<Input, Item, Transaction>,
): ResolvedBatchOptions<Input, Item, Transaction> {
  const { retry = {}, ...given } = options;
  checkOptions<object>("process", options, known);
  checkOptions("process.retry", retry, knownOfRetry);
  const { strategy = batchDefaults.strategy, mode = batchDefaults.mode } = given;
  const { itemsMax = batchDefaults.itemsMax, concurrency = batchDefaults.concurrency } = given;
  const whole = mode === "all-or-nothing";
  return {
    processor: given.processor,
    strategy,
    mode,
    // All or nothing there is one batch, and it holds everything.
    concurrency: whole || strategy === "sequential" ? 1 : concurrency,
    batchSize: whole ? itemsMax : (given.batchSize ?? given.processor.batchSizeDefault),
    retry: {
      attemptsMax: retry.attemptsMax ?? retryDefaults.attemptsMax,
      baseDelayMs: retry.baseDelayMs ?? retryDefaults.baseDelayMs,
      maxDelayMs: retry.maxDelayMs ?? retryDefaults.maxDelayMs,
      when: retry.when ?? isRetryable,
    },
    skipLimit: given.skipLimit ?? Number.POSITIVE_INFINITY,
    itemsMax,
    signal: given.signal ?? new AbortController().signal,
    keyOf: given.keyOf,
    failuresMax: given.failuresMax ?? batchDefaults.failuresMax,
    outcomesMax: given.outcomesMax ?? batchDefaults.outcomesMax,
    onProgress: given.onProgress ?? (() => {}),
  };
}
