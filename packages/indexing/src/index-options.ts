import { checkOptions } from "@atlas/errors";
import type { Dialect, TableDefinition } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import type { IndexEvent } from "./events.ts";
import type { IndexDeclaration } from "./index-declaration.ts";

/** What an index coordinator works with. */
export interface IndexCoordinatorOptions {
  /** Of the store whose indexes are looked after. */
  readonly transactions: Pick<TransactionManager, "atomic" | "connection" | "current" | "read">;
  readonly dialect: Dialect;
  /** Every table that a declaration names. */
  readonly tables: readonly TableDefinition[];
  readonly declarations: readonly IndexDeclaration[];
  /**
   * Whose indexes these are: a coordinator removes only what one of the same
   * owner has made over one of `tables`. Default: "atlas".
   */
  readonly owner?: string;
  /** Findings one verification keeps, up to 10,000. Default: 100. */
  readonly findingsMax?: number;
  /** Longest time to build or rebuild an index, in milliseconds, up to 600,000. Default: 600,000. */
  readonly buildTimeoutMs?: number;
  /** Receives what happens; what it throws is ignored. Default: nobody does. */
  readonly onEvent?: (event: IndexEvent) => void;
  /** Milliseconds. Default: `Date.now`. */
  readonly clock?: () => number;
  /** Milliseconds that only ever grow; decides how long slices are. Default: `performance.now`. */
  readonly monotonicClock?: () => number;
}

/** What a coordinator does unless told otherwise. */
export const indexCoordinatorDefaults: {
  readonly owner: "atlas";
  readonly findingsMax: 100;
  readonly buildTimeoutMs: 600_000;
} = Object.freeze({ owner: "atlas", findingsMax: 100, buildTimeoutMs: 600_000 });

/** The options with nothing left out. */
export type ResolvedIndexOptions = Required<IndexCoordinatorOptions>;

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveIndexOptions(options: IndexCoordinatorOptions): ResolvedIndexOptions {
  checkOptions("createIndexCoordinator", options, {
    transactions: "any",
    dialect: "any",
    tables: "any",
    declarations: "any",
    owner: "any",
    findingsMax: { min: 1, max: 10_000 },
    buildTimeoutMs: { min: 1, max: 600_000 },
    onEvent: "any",
    clock: "any",
    monotonicClock: "any",
  });
  const { onEvent } = options;
  return {
    transactions: options.transactions,
    dialect: options.dialect,
    tables: [...options.tables],
    declarations: structuredClone(options.declarations),
    owner: options.owner ?? indexCoordinatorDefaults.owner,
    findingsMax: options.findingsMax ?? indexCoordinatorDefaults.findingsMax,
    buildTimeoutMs: options.buildTimeoutMs ?? indexCoordinatorDefaults.buildTimeoutMs,
    clock: options.clock ?? Date.now,
    monotonicClock: options.monotonicClock ?? (() => performance.now()),
    onEvent(event) {
      try {
        onEvent?.(event);
      } catch {
        // Watching must not change the outcome.
      }
    },
  };
}
