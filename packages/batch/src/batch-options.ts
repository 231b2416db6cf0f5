import { checkOptions, type OptionRules } from "@atlas/errors";
import {
  type AdaptiveOptions,
  type ResolvedAdaptiveOptions,
  resolveAdaptiveOptions,
} from "./adaptive/adaptive-options.ts";
import type { BatchCheckpoint } from "./batch-checkpoint.ts";
import type { BatchProgress, BatchStrategy } from "./batch-event.ts";
import type { BatchMode, BatchProcessor } from "./batch-processor.ts";
import type { FailedItem } from "./retry-items.ts";
import { resolveRetry, type RetryOptions } from "./retry-policy.ts";

/** How items are processed. */
export interface BatchOptions<Input> {
  /** Stands in events, and finds what earlier jobs of the name have learned. Default: none. */
  readonly name?: string;
  /** Default: `sequential`. */
  readonly strategy?: BatchStrategy;
  /** Batches at the same time, if `concurrent`. Default: 4; maximum 256. */
  readonly concurrency?: number;
  /**
   * Items per batch, unless `adaptive`, which begins with it. Default: the processor's;
   * maximum 10,000.
   */
  readonly batchSize?: number;
  /** Bounds, brakes and readings, if `adaptive`. */
  readonly adaptive?: AdaptiveOptions;
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
  /** Items kept to be processed again. Default: 1,000; maximum 100,000. */
  readonly retryItemsMax?: number;
  /**
   * Given every item that failed, was rolled back or cancelled, without a limit
   * and before the next batch begins in its place: a file or a queue of items to
   * come back to. What it throws stops the job. Default: none.
   */
  readonly onFailedItem?: (item: FailedItem<Input>) => void | Promise<void>;
  /** Told after each batch; what it throws is ignored. Default: none. */
  readonly onProgress?: (progress: BatchProgress) => void;
}

/** Options that name the processor. */
export interface ProcessorOptions<Input, Item, Transaction> extends BatchOptions<Input> {
  readonly processor: BatchProcessor<Input, Item, Transaction>;
  /** Makes the job durable: it goes on after a crash. Default: it is not. */
  readonly checkpoint?: BatchCheckpoint<Transaction>;
}

/** What a batch does when nothing is said. */
export const batchDefaults: {
  readonly strategy: "sequential";
  readonly concurrency: 4;
  readonly mode: "item-by-item";
  readonly itemsMax: 10_000;
  readonly failuresMax: 1_000;
  readonly outcomesMax: 0;
  readonly retryItemsMax: 1_000;
} = Object.freeze({
  strategy: "sequential",
  concurrency: 4,
  mode: "item-by-item",
  itemsMax: 10_000,
  failuresMax: 1_000,
  outcomesMax: 0,
  retryItemsMax: 1_000,
});

/** The options of one batch with nothing left out that has a default. */
export interface ResolvedBatchOptions<Input, Item, Transaction> {
  readonly name: string | undefined;
  readonly processor: BatchProcessor<Input, Item, Transaction>;
  readonly checkpoint: BatchCheckpoint<Transaction> | undefined;
  readonly strategy: BatchStrategy;
  readonly concurrency: number;
  readonly batchSize: number;
  readonly adaptive: ResolvedAdaptiveOptions;
  readonly mode: BatchMode;
  readonly retry: Required<RetryOptions>;
  readonly skipLimit: number;
  readonly itemsMax: number;
  readonly signal: AbortSignal | undefined;
  readonly keyOf: ((item: Input, index: number) => string) | undefined;
  readonly failuresMax: number;
  readonly outcomesMax: number;
  readonly retryItemsMax: number;
  readonly onFailedItem: BatchOptions<Input>["onFailedItem"];
  readonly onProgress: (progress: BatchProgress) => void;
}

/** What numbers a job accepts that can be changed while it runs. */
export const settingRules: {
  readonly batchSize: { readonly min: 1; readonly max: 10_000 };
  readonly concurrency: { readonly min: 1; readonly max: 256 };
  readonly skipLimit: { readonly min: 0; readonly max: number };
} = {
  batchSize: { min: 1, max: 10_000 },
  concurrency: { min: 1, max: 256 },
  skipLimit: { min: 0, max: Number.MAX_SAFE_INTEGER },
};

const known: OptionRules<ProcessorOptions<never, never, never>> = {
  name: "any",
  processor: "any",
  checkpoint: "any",
  strategy: ["sequential", "concurrent", "adaptive"],
  ...settingRules,
  adaptive: "any",
  mode: ["item-by-item", "all-or-nothing"],
  retry: "any",
  itemsMax: { min: 1, max: 1_000_000 },
  signal: "any",
  keyOf: "any",
  failuresMax: { min: 0, max: 100_000 },
  outcomesMax: { min: 0, max: 1_000_000 },
  retryItemsMax: { min: 0, max: 100_000 },
  onFailedItem: "any",
  onProgress: "any",
};

/** The names of all options: those that cannot be changed are refused as such, not as unknown. */
export const optionNames: readonly string[] = Object.keys(known);

/** Copies the options, fills in the defaults and refuses what cannot be used. */
export function resolveBatchOptions<Input, Item, Transaction>(
  options: ProcessorOptions<Input, Item, Transaction>,
): ResolvedBatchOptions<Input, Item, Transaction> {
  checkOptions<object>("process", options, known);
  const { strategy = batchDefaults.strategy, mode = batchDefaults.mode } = options;
  const { itemsMax = batchDefaults.itemsMax, concurrency = batchDefaults.concurrency } = options;
  const whole = mode === "all-or-nothing";
  return {
    name: options.name,
    processor: options.processor,
    checkpoint: options.checkpoint,
    strategy,
    mode,
    // All or nothing there is one batch, and it holds everything.
    concurrency: whole || strategy === "sequential" ? 1 : concurrency,
    batchSize: whole ? itemsMax : (options.batchSize ?? options.processor.batchSizeDefault),
    adaptive: resolveAdaptiveOptions(options.adaptive ?? {}),
    retry: resolveRetry(options.retry ?? {}),
    skipLimit: options.skipLimit ?? Number.POSITIVE_INFINITY,
    itemsMax,
    signal: options.signal,
    keyOf: options.keyOf,
    failuresMax: options.failuresMax ?? batchDefaults.failuresMax,
    outcomesMax: options.outcomesMax ?? batchDefaults.outcomesMax,
    retryItemsMax: options.retryItemsMax ?? batchDefaults.retryItemsMax,
    onFailedItem: options.onFailedItem,
    onProgress: options.onProgress ?? (() => {}),
  };
}
