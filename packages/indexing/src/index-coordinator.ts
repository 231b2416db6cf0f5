import type { SqlValue } from "@atlas/storage";
import type { IndexDeclaration } from "./index-declaration.ts";
import type { EnsureReport, IndexReport, RebuildReport } from "./index-report.ts";
import type { MaintainedChange, RowChange, RowKey } from "./row-change.ts";

/** A condition for a WHERE clause, with the values for its `?`. */
export interface SearchCondition {
  /** Stable for an index: the text searched for is bound, not spliced. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/**
 * Looks after the declared indexes of one store: creates them, keeps the
 * maintained columns in the transaction of the writer, compares them with the
 * data and repairs them.
 *
 * B-trees and search indexes are kept by the database itself with every
 * statement; `update` and `batchUpdate` are about maintained columns.
 */
export interface IndexCoordinator {
  readonly declarations: readonly IndexDeclaration[];
  /**
   * Brings the store in line with the declarations, in one transaction: creates
   * what is missing, replaces what was made from another declaration, removes
   * what was made here over one of the given tables and is no longer declared.
   * Costs a few reads when nothing is to be done, so several processes may call
   * it at every start.
   */
  ensure(): Promise<EnsureReport>;
  /** True when a change of this table's rows can change a maintained column. */
  affects(table: string): boolean;
  /**
   * Recomputes every maintained column of `table` for these rows, with one
   * statement per column that writes only where the value differs. Columns
   * that depend on the changed ones follow.
   *
   * @throws {AtlasError} index.transaction_required outside a transaction.
   */
  update(table: string, keys: Iterable<RowKey>): Promise<readonly MaintainedChange[]>;
  /**
   * Recomputes what the given changes of rows may have touched, as declared in
   * `affectedBy`, with one statement per maintained column however many rows.
   *
   * @throws {AtlasError} index.transaction_required outside a transaction.
   * @throws {AtlasError} index.cascade_endless when maintained columns keep changing each other.
   */
  batchUpdate(changes: Iterable<RowChange>): Promise<readonly MaintainedChange[]>;
  /**
   * Entries in an index, counted in the index itself and not in its table. For
   * a maintained column: rows that have a value.
   *
   * @throws {AtlasError} index.unknown
   */
  count(name: string): Promise<number>;
  /**
   * The condition "this row matches the text", for any query over the table of
   * the search index under its own name. Any text is accepted; one without a
   * single word matches nothing.
   *
   * @throws {AtlasError} index.unknown, index.not_searchable
   */
  search(name: string, text: string): SearchCondition;
  /**
   * Compares indexes with the data, each on one snapshot. Default: all of them.
   * A search index is compared in a transaction that may write, and changes nothing.
   *
   * @throws {AtlasError} index.unknown
   */
  verify(names?: readonly string[]): Promise<IndexReport>;
  /**
   * Makes indexes again from the data, each in a transaction of its own.
   * Default: all of them.
   *
   * @throws {AtlasError} index.unknown
   */
  rebuild(names?: readonly string[]): Promise<RebuildReport>;
}
