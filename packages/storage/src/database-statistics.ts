import type { PoolStatus } from "./connection-pool.ts";

/** What the statement caches of one or more connections did. */
export interface StatementStatistics {
  /** Statements ready to run. */
  readonly cached: number;
  /** Calls that found their statement. */
  readonly hits: number;
  /** Calls that did not. */
  readonly misses: number;
  /** Statements compiled by the database system, a second one for exact integers included. */
  readonly compilations: number;
}

/** Counters of a database since it was opened. */
export interface DatabaseStatistics {
  /** All connections together, those already closed included. */
  readonly statements: StatementStatistics;
  readonly readers: PoolStatus;
  /** Queries that began on another thread or in another process. */
  readonly scans: number;
  /** Writes that wait for their turn in this process. */
  readonly waitingWrites: number;
}
