import type { BatchInput, BatchResult } from "@atlas/batch";
import type { BatchJobStore } from "@atlas/batch/checkpoints";
import type { IndexCoordinator } from "@atlas/indexing";
import type { Connection } from "@atlas/storage";
import type { TransactionCoordinator } from "@atlas/transaction";
import type { ChangeLog, ChangeSetOptions } from "./change-log.ts";
import type { CollectionDefinition } from "./collection-definition.ts";
import type { EngineRebuildReport, EngineReport } from "./engine-report.ts";
import type { Page, RecordCountQuery, RecordQuery } from "./record-query.ts";
import type { SaveAllOptions, SavedRecord } from "./save-all.ts";
import type { SaveManyOptions, SaveManyResult } from "./save-many.ts";

/** How one record is written. */
export interface WriteOptions {
  /** Default: the actor of the change set. */
  readonly actor?: string;
  /**
   * The version the stored record must have; 0 means that there must be none.
   * Default: any.
   */
  readonly ifVersion?: number;
}

/** The records of one declared collection. */
export interface Collection<Stored extends object, Input, Key> {
  readonly name: string;
  /**
   * Creates or replaces a record and answers with what is stored. A record that
   * is stored already with the same content is left alone: no new version, no
   * entry in the change log.
   *
   * @throws {AtlasError} validation.failed when the schema or a rule refuses it.
   * @throws {AtlasError} operation.version_conflict when `ifVersion` is not the stored one.
   */
  save(record: Input, options?: WriteOptions): Promise<Stored>;
  get(key: Key): Promise<Stored | undefined>;
  /**
   * One page in a total order. The cursor continues after the last record of
   * the page, whatever was written meanwhile: no record comes twice unless its
   * place in the order was changed.
   *
   * @throws {AtlasError} operation.query_invalid, operation.cursor_invalid
   */
  query(query?: RecordQuery<Stored>): Promise<Page<Stored>>;
  /**
   * Deletes a record; false when there is none.
   *
   * @throws {AtlasError} operation.version_conflict when `ifVersion` is not the stored one.
   */
  delete(key: Key, options?: WriteOptions): Promise<boolean>;
  /**
   * Saves up to 10,000 records; the result names the fate of each. All or
   * nothing, it throws instead when one is refused. It may keep the writer for
   * up to a minute; smaller calls let others write in between.
   *
   * @throws {AtlasError} validation.failed, naming each refused record by its position.
   * @throws {AtlasError} operation.too_many_records
   */
  saveMany(records: readonly Input[], options?: SaveManyOptions): Promise<SaveManyResult<Stored>>;
  /**
   * Saves any number of records from an iterable, item by item in transactions
   * of one batch each, and reads it no faster than it saves. What fails is named
   * in the result and harms no other record.
   *
   * A `job` that was begun with other records ends with `batch.input_differs`.
   *
   * @throws {AtlasError} batch.job_taken while another call or process works on the `job`.
   */
  saveAll(
    records: BatchInput<Input>,
    options?: SaveAllOptions<Input>,
  ): Promise<BatchResult<SavedRecord<Stored>, Input>>;
  count(query?: RecordCountQuery<Stored>): Promise<number>;
}

/**
 * Typed, validated, indexed collections over one database, with a change log.
 *
 * Inside `atomic` every call of every collection belongs to that transaction;
 * outside, each write is a transaction of its own and each read a snapshot.
 */
export interface UnifiedStorageEngine extends TransactionCoordinator, AsyncDisposable {
  /**
   * The records of a collection that the engine was opened with.
   *
   * @throws {AtlasError} operation.collection_unknown
   */
  collection<Stored extends object, Input, Key>(
    definition: CollectionDefinition<Stored, Input, Key>,
  ): Collection<Stored, Input, Key>;
  /**
   * Raw SQL beside the collections: joins the transaction it is called in.
   * Writes to tracked tables owe the log an entry (`changes.record`) and the
   * maintained columns an `indexes.batchUpdate`.
   */
  readonly connection: Connection;
  readonly indexes: IndexCoordinator;
  readonly changes: ChangeLog;
  /**
   * Runs `body` with an actor and a reason for every write in it; all of them
   * share one change set, over several transactions if need be. Inside another
   * change set it belongs to that one.
   */
  changeSet<T>(options: ChangeSetOptions, body: () => T | Promise<T>): Promise<T>;
  /**
   * Checks the file itself, then compares indexes with data and stored records
   * with their schemas. Damage of the file is reported alone: what is read from
   * it says nothing.
   */
  verify(options?: VerifyOptions): Promise<EngineReport>;
  /** Makes indexes again from the data. Default: all. */
  rebuild(names?: readonly string[]): Promise<EngineRebuildReport>;
  /**
   * The durable jobs of this store: those of `saveAll`, and of any batch whose
   * processor works in transactions of this engine.
   */
  readonly jobs: BatchJobStore;
  /** Ends what the engine began itself; the database stays open. Closing twice is harmless. */
  close(): Promise<void>;
}

/** How thoroughly the store is verified. */
export interface VerifyOptions {
  /** Findings kept. Default: 100; maximum 10,000. */
  readonly findingsMax?: number;
  readonly signal?: AbortSignal;
}
