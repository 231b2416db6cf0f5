import type { BatchMode } from "./batch-processor.ts";
import type { BatchCounts, StopReason } from "./batch-result.ts";

/** How far a batch has come. */
export interface BatchProgress {
  /** Items whose fate is final. */
  readonly done: number;
  /** Items of the input; absent while an iterable has not told. */
  readonly total?: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What `onEvent` receives. */
export type BatchEvent =
  | {
      readonly type: "batch.started";
      readonly mode: BatchMode;
      readonly strategy: BatchStrategy;
      readonly batchSize: number;
      readonly concurrency: number;
    }
  | ({ readonly type: "batch.progress" } & BatchProgress)
  | {
      readonly type: "batch.retry";
      /** Items that are tried again. */
      readonly items: number;
      /** The attempt that comes next. */
      readonly attempt: number;
      readonly delayMs: number;
      /** The error of the first of them. */
      readonly error: unknown;
    }
  | ({
      readonly type: "batch.completed";
      readonly durationMs: number;
      readonly retries: number;
      readonly stopped?: StopReason;
    } & BatchCounts);

/** How batches follow each other: one after the other, or several at a time. */
export type BatchStrategy = "sequential" | "concurrent";
