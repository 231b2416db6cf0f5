import type { AdviceSource, IndexAdvisory } from "./advise-indexes.ts";
import type { IndexDeclaration } from "./index-declaration.ts";
import type { EnsureReport, IndexReport, RebuildReport } from "./index-report.ts";
import type { IndexRunOptions } from "./pace.ts";
import type { MaintainedChange, RowChange, RowKey } from "./row-change.ts";
import type {
  RankedSearch,
  RankedSearchOptions,
  SearchCondition,
  SearchOptions,
} from "./search-condition.ts";

/** What a verification may be told. */
export interface VerifyOptions extends IndexRunOptions {
  /**
   * Whether the inner structure of search indexes is looked at as well, where no difference was
   * found: by one statement of the database, which cannot be divided and holds the writer.
   * Default: true.
   */
  readonly structure?: boolean;
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
   * it at every start. A rebuild that was interrupted is finished, in slices.
   *
   * @throws {AtlasError} index.primary_missing when a table is stored without its declared key.
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
   * a maintained column: rows that have a value. Without a name: the entries of
   * all primary indexes together, which is the number of indexed rows.
   *
   * @throws {AtlasError} index.unknown
   */
  count(name?: string): Promise<number>;
  /**
   * The condition "this row matches the text", for any query over the table of
   * the search index under its own name. Any text is accepted; one without a
   * single word matches nothing. Words in quotation marks are a phrase, a
   * trailing `*` means "begins with"; nothing else is syntax.
   *
   * @throws {AtlasError} index.unknown, index.not_searchable, index.search_invalid
   */
  search(name: string, text: string, options?: SearchOptions): SearchCondition;
  /**
   * The parts of a query whose rows come best first, with snippets; see
   * {@link search} for the text.
   *
   * @throws {AtlasError} index.unknown, index.not_searchable, index.search_invalid
   */
  rankedSearch(name: string, text: string, options?: RankedSearchOptions): RankedSearch;
  /**
   * Compares every entry of the indexes with the data and names each
   * difference. Default: all of them. Each index is compared on one snapshot
   * and in slices: neither the writer nor the event loop waits for longer than
   * one slice, with the exception of {@link VerifyOptions.structure}.
   *
   * @throws {AtlasError} index.unknown, index.aborted
   */
  verify(names?: readonly string[], options?: VerifyOptions): Promise<IndexReport>;
  /**
   * Makes indexes again from the data, B-trees first, because the others are
   * made by reading through them. Default: all of them. Search indexes and
   * maintained columns are made in slices; others may write in between, and
   * read the old index or the new one. One that was interrupted is gone on with
   * by `rebuild` or `ensure`.
   *
   * @throws {AtlasError} index.unknown, index.aborted
   */
  rebuild(names?: readonly string[], options?: IndexRunOptions): Promise<RebuildReport>;
  /** What the statements that really ran say about the declared indexes. Changes nothing. */
  advise(source: AdviceSource): Promise<IndexAdvisory>;
}
