import type { AdaptiveSignals, AdaptiveReason } from "./adaptive/adaptive-decision.ts";
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
  /** Smoothed over about five seconds; absent until some time has gone by. */
  readonly itemsPerSecond?: number;
  /** Milliseconds until the end at that rate; absent while `total` or the rate is not known. */
  readonly remainingMs?: number;
}

/** Which call of `process` or `start` an event is about. */
export interface BatchEventSource {
  /** Counted by the coordinator, from 1. */
  readonly job: number;
  /** The `name` of the options. */
  readonly name?: string;
}

/** One batch of a job, carried out. */
export interface BatchMetrics {
  /** Items in it. */
  readonly items: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rolledBack: number;
  /** Attempts after the first, all items together. */
  readonly retries: number;
  /** Retries and pauses between them included. */
  readonly durationMs: number;
  /** Batches that were in work when it began, itself included. */
  readonly concurrency: number;
}

/** What `onEvent` receives. */
export type BatchEvent = BatchEventSource &
  (
    | {
        readonly type: "batch.started";
        readonly mode: BatchMode;
        readonly strategy: BatchStrategy;
        readonly batchSize: number;
        readonly concurrency: number;
      }
    | ({ readonly type: "batch.processed" } & BatchMetrics)
    | ({ readonly type: "batch.progress" } & BatchProgress)
    | {
        readonly type: "batch.adapted";
        /** From the next batch on. */
        readonly batchSize: number;
        readonly concurrency: number;
        readonly reason: AdaptiveReason;
        readonly signals: AdaptiveSignals;
      }
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
    | { readonly type: "batch.paused" | "batch.resumed" }
    | {
        readonly type: "batch.configured";
        /** The names of the options that were changed. */
        readonly options: readonly string[];
      }
    | ({
        readonly type: "batch.completed";
        readonly durationMs: number;
        readonly retries: number;
        readonly stopped?: StopReason;
      } & BatchCounts)
  );

/**
 * How batches follow each other: one after the other, several at a time, or as
 * many and as large as turns out to be fastest.
 */
export type BatchStrategy = "sequential" | "concurrent" | "adaptive";
