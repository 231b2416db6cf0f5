import type { DurationSummary } from "./duration-histogram.ts";
import type { Priority } from "./transaction-options.ts";

/** One transaction that has begun, or wants to. */
export interface ActiveTransaction {
  /** As in events and errors. */
  readonly id: string;
  /**
   * `waiting` for the writer; `running` its body; `committing`: its body has
   * ended and it waits to become durable, or for its participants; `reading`:
   * a read-only one.
   */
  readonly state: "waiting" | "running" | "committing" | "reading";
  /** Time since it was asked for, in milliseconds. */
  readonly ageMs: number;
  /** Statements run so far. */
  readonly operations: number;
  readonly priority: Priority;
  /** The lines of the stack from which it was started; only with `captureOrigin`. */
  readonly origin?: readonly string[];
}

/** A moment of the writer's queue and what it has done so far. */
export interface TransactionStatus {
  /** Transactions that wait for the writer. */
  readonly queued: number;
  /** Transactions that run or wait to become durable. */
  readonly active: number;
  readonly committed: number;
  readonly rolledBack: number;
  /** COMMITs issued; `committed / groups` is the average group. */
  readonly groups: number;
  readonly syncs: number;
  /**
   * Each of them, the running one first, then those that commit, those that
   * read, and those that wait by priority; at most {@link activeListMax}.
   */
  readonly transactions: readonly ActiveTransaction[];
}

/** Most transactions that `status` lists. */
export const activeListMax = 1_000;

/** What has happened since the manager was created. Read-only transactions do not count. */
export interface TransactionStatistics {
  readonly committed: number;
  /** Transactions that ended without a commit, those with an unknown outcome included. */
  readonly rolledBack: number;
  /** Transactions whose commit the device did not confirm. */
  readonly unknown: number;
  readonly retries: number;
  /** Errors that were passed on because the retry budget was used up. */
  readonly retriesRefused: number;
  /** Transactions refused because the queue was full. */
  readonly refused: number;
  /** Average of the last ten whole seconds. */
  readonly commitsPerSecond: number;
  /** From the call to the beginning of the body. */
  readonly wait: DurationSummary;
  /** Of the body. */
  readonly body: DurationSummary;
  /** From the call to the acknowledgement, of committed ones. */
  readonly total: DurationSummary;
}
