import { checkOptions } from "@atlas/errors";
import { type BatchHistory, createBatchHistory } from "./adaptive/batch-history.ts";
import type { BatchEvent } from "./batch-event.ts";
import { sleepOnTimer, type Sleep } from "./pause.ts";

/** What a coordinator is given of its surroundings. */
export interface BatchCoordinatorOptions {
  /** Told what happens; what it throws is ignored. Default: nothing is told. */
  readonly onEvent?: (event: BatchEvent) => void;
  /** Milliseconds since any fixed moment. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Waits between attempts. Default: a timer. */
  readonly sleep?: Sleep;
  /** A number from 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Where adaptive jobs with a name begin. Default: what this coordinator has seen. */
  readonly history?: BatchHistory;
}

/** Copies the options and refuses what is misspelt. */
export function resolveCoordinatorOptions(
  options: BatchCoordinatorOptions,
): Required<BatchCoordinatorOptions> {
  checkOptions<BatchCoordinatorOptions>("createBatchCoordinator", options, {
    onEvent: "any",
    clock: "any",
    sleep: "any",
    random: "any",
    history: "any",
  });
  return {
    onEvent: options.onEvent ?? (() => {}),
    clock: options.clock ?? (() => performance.now()),
    sleep: options.sleep ?? sleepOnTimer,
    random: options.random ?? Math.random,
    history: options.history ?? createBatchHistory(),
  };
}
