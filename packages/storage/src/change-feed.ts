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
   * committed in between, and now and then when the log has started again. Costs
   * about as much as reading one row.
   */
  foreignVersion(): number;
  /**
   * From the next transaction on, commits that change rows of `table` tell
   * which values `columns` had in these rows, before and after, whatever changed
   * them. Answers with a function that ends it. A table or column that does not
   * exist is passed over, and a driver may pass over all of them.
   */
  followRows(table: string, columns: readonly string[]): () => void;
  /**
   * How a query finds its rows, if it reads one table and there only rows in
   * which one column equals a parameter: its answer depends on no other rows.
   * Undefined when that is not so, or cannot be told.
   */
  rowLookup(query: Pick<Query, "sql">): RowLookup | undefined;
}

/** A query that finds its rows by one value of one column. */
export interface RowLookup {
  readonly table: string;
  readonly column: string;
  /** Text is compared character by character, without folding case. */
  readonly type: "integer" | "text";
  /** Place of the value in the parameters of the query, from 0. */
  readonly parameter: number;
}

/** What one commit changed. */
export interface CommittedChange {
  /** Those changed by triggers and cascades are among them. */
  readonly tables: TableSet;
  /**
   * For tables whose rows are followed: the values of followed columns in
   * changed rows, each as `rowValueOf` writes it. A table that is changed and
   * not in here may have changed anywhere.
   */
  readonly rows?: ReadonlyMap<string, ChangedRows>;
}

/** Followed column to the values it had in changed rows. */
export type ChangedRows = ReadonlyMap<string, ReadonlySet<string>>;

/** Names of tables; `all` when they cannot be told. */
export type TableSet = ReadonlySet<string> | "all";
