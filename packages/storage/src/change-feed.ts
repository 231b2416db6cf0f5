import type { Query } from "./query.ts";

/**
 * Tells caches what commits have changed. Listeners are called right after the
 * commit, before any reader of this process can run: whoever drops what a
 * commit replaced never serves it afterwards.
 */
export interface ChangeFeed {
  /**
   * Calls `listener` after every commit of this process that changed data, and
   * never for what was rolled back. Answers with a function that ends it. What
   * a listener throws is ignored.
   */
  subscribe(listener: (change: CommittedChange) => void): () => void;
  /** Every table a query reads, those behind views and subqueries included. */
  tablesRead(query: Pick<Query, "sql">): TableSet;
  /**
   * A number that differs from the one before whenever another process has
   * committed in between. Costs about as much as reading one row.
   */
  foreignVersion(): number;
}

/** What one commit changed. */
export interface CommittedChange {
  /** Those changed by triggers and cascades are among them. */
  readonly tables: TableSet;
}

/** Names of tables; `all` when they cannot be told. */
export type TableSet = ReadonlySet<string> | "all";
