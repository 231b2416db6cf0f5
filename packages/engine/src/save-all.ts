import type { BatchOptions } from "@atlas/batch";

/** How a stream of records is saved: options of `@atlas/batch`, and a name to go on under. */
export interface SaveAllOptions<Input> extends Pick<
  BatchOptions<Input>,
  | "adaptive"
  | "batchSize"
  | "concurrency"
  | "failuresMax"
  | "keyOf"
  | "onFailedItem"
  | "onProgress"
  | "outcomesMax"
  | "retry"
  | "signal"
  | "skipLimit"
  | "strategy"
> {
  /**
   * Makes the call durable: after a crash the same call with the same name and
   * the same records goes on where it stopped. Default: it does not.
   */
  readonly job?: string;
  /** Default: the actor of the change set. */
  readonly actor?: string;
}

/** What became of a record that was saved. */
export interface SavedRecord<Stored> {
  readonly status: "created" | "updated" | "unchanged";
  readonly record: Stored;
}
