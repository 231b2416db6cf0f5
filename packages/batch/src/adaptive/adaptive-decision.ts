/** How batches are cut and how many are in work. */
export interface BatchSetting {
  readonly batchSize: number;
  readonly concurrency: number;
}

/**
 * Why a setting was chosen: `probe` tries a neighbour of the best one, `better`
 * goes on in a direction that paid, `settle` returns to the best one, `drift`
 * begins the search anew because its speed has changed; `unused` gives up
 * concurrency that the input, or the work, never filled; `memory` and `errors`
 * are brakes.
 */
export type AdaptiveReason =
  | "probe"
  | "better"
  | "settle"
  | "drift"
  | "unused"
  | "memory"
  | "errors";

/** What a decision was based on. */
export interface AdaptiveSignals {
  /** Of the setting that was measured. */
  readonly itemsPerSecond: number;
  /** Mean time of its batches, in milliseconds. */
  readonly latencyMs: number;
  /** Share of its items that were tried again or rolled back, 0 to 1. */
  readonly errorRate: number;
  /** Share of the memory in use, 0 to 1. */
  readonly memory: number;
  /** Share of the processor in use, 0 to 1. */
  readonly cpu: number;
}

/** A setting that holds from the next batch on. */
export interface AdaptiveDecision extends BatchSetting {
  readonly reason: AdaptiveReason;
  readonly signals: AdaptiveSignals;
}
