import type { BatchItemPlace } from "./batch-operation.ts";
import type { ItemOutcome } from "./batch-processor.ts";
import type { ItemReport } from "./batch-result.ts";

/** An item whose fate is final, as a checkpoint keeps it. */
export interface SettledItem {
  readonly place: BatchItemPlace;
  readonly outcome: Extract<ItemOutcome<unknown>, { status: "succeeded" | "failed" | "skipped" }>;
}

/**
 * Makes a job durable: see `@atlas/batch/checkpoints`, which implements it over
 * a table of the store that the items are written to.
 */
export interface BatchCheckpoint<Transaction> {
  /**
   * Takes the job for this process and says how far it has come.
   *
   * @throws {AtlasError} batch.job_taken
   */
  begin(): Promise<CheckpointRun<Transaction>>;
}

/** One run of a durable job. */
export interface CheckpointRun<Transaction> {
  /** Settled by earlier runs. */
  readonly counts: Readonly<Record<"succeeded" | "failed" | "skipped", number>>;
  /** Items that earlier runs could not do, as far as they were kept. */
  readonly failures: readonly ItemReport<never>[];
  /**
   * Sees every item in the order of the input; false when an earlier run has settled it.
   *
   * @throws {AtlasError} batch.input_differs
   */
  admit(place: BatchItemPlace): boolean;
  /**
   * Called when the input has ended.
   *
   * @throws {AtlasError} batch.input_differs when earlier runs have read further
   */
  inputEnded(): void;
  /**
   * Writes down, in the transaction of their data, which items are settled.
   *
   * @throws {AtlasError} batch.job_lost, batch.checkpoint_full
   */
  record(items: readonly SettledItem[], transaction: Transaction): Promise<void>;
  /** Gives the job back. It is finished when the input has ended and every item is settled. */
  end(): Promise<void>;
}
