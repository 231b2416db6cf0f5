import type { AdaptiveBounds } from "./adaptive/adaptive-options.ts";
import type { BatchProgress } from "./batch-event.ts";
import type { BatchResult } from "./batch-result.ts";
import type { RetryOptions } from "./retry-policy.ts";

/** What a job is doing. A paused one may still have batches in work. */
export type BatchJobState = "running" | "paused" | "ended";

/** What can be changed while a job runs; it holds from the next batch on. */
export interface BatchSettings {
  /** Concurrent and sequential. */
  readonly batchSize?: number;
  /** Concurrent only. */
  readonly concurrency?: number;
  /** What is left out stays as it is. */
  readonly retry?: RetryOptions;
  readonly skipLimit?: number;
  /** Adaptive only: the bounds within which size and concurrency are sought. */
  readonly adaptive?: AdaptiveBounds;
}

/** A batch that is being processed. Disposing of it cancels what is left and waits for the end. */
export interface BatchJob<Result, Input = unknown> extends AsyncDisposable {
  /** Resolves and rejects as `process` does. */
  readonly result: Promise<BatchResult<Result, Input>>;
  readonly progress: BatchProgress;
  readonly state: BatchJobState;
  /** What holds for the next batch. */
  readonly settings: { readonly batchSize: number; readonly concurrency: number };
  /** Begins nothing more; resolves when the batches in work have ended. Harmless after the end. */
  pause(): Promise<void>;
  /** Goes on. Harmless when the job is not paused. */
  resume(): void;
  /**
   * Changes options from the next batch on; nothing changes when one of them is refused.
   *
   * @throws {AtlasError} batch.option_fixed when an option cannot be changed, or not in this job
   * @throws {AtlasError} batch.job_ended
   * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
   */
  configure(settings: BatchSettings): void;
  /** Ends the job as its signal would. Harmless after the end. */
  cancel(reason?: unknown): void;
}
