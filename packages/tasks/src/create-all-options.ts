import type { BatchOptions } from "@atlas/batch";
import type { NewTask } from "./task-input.ts";

/** How tasks are created from a stream: options of `@atlas/batch`, and a name to go on under. */
export interface CreateAllOptions extends Pick<
  BatchOptions<NewTask>,
  | "adaptive"
  | "batchSize"
  | "concurrency"
  | "failuresMax"
  | "onFailedItem"
  | "onProgress"
  | "outcomesMax"
  | "signal"
  | "skipLimit"
  | "strategy"
> {
  /**
   * Makes the call durable: after a crash the same call with the same name and
   * the same tasks goes on where it stopped. Default: it does not.
   */
  readonly job?: string;
}
