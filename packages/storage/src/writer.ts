import type { Connection, SyncConnection } from "./connection.ts";

/** An embedded driver answers at once, a networked one with a promise. */
export type Answer<T> = T | Promise<T>;

/**
 * The one connection that writes, with the transaction verbs in the open.
 *
 * Nothing here waits for another process and nothing here is fair: that is the
 * work of whoever holds the {@link WriterLease}.
 */
export interface Writer extends Connection {
  /** The same connection without promises, where the driver is embedded. */
  readonly sync: SyncConnection | undefined;
  /** True between a successful `tryBegin` and the end of its transaction. */
  readonly inTransaction: boolean;
  /**
   * Takes the write lock and starts a transaction, or answers false because
   * another process holds the lock. Never waits for it.
   */
  tryBegin(): Answer<boolean>;
  commit(): Answer<void>;
  /** Harmless when the driver has already rolled back by itself, as on a full disk. */
  rollback(): Answer<void>;
  savepoint(name: string): Answer<void>;
  /** Keeps what was done since the savepoint and forgets the savepoint. */
  release(name: string): Answer<void>;
  /** Undoes what was done since the savepoint and forgets the savepoint. */
  rollbackTo(name: string): Answer<void>;
  /**
   * Begins a step, which `keepStep` or `undoStep` ends; there are none inside
   * each other. A step is what a savepoint is, and cheaper where steps are small
   * and nearly all of them are kept. What was done before the first one belongs
   * to none.
   */
  beginStep(): Answer<void>;
  /**
   * Keeps what the step did; it cannot be undone alone from now on. To be called
   * also for what was done before the first step.
   *
   * @throws {AtlasError} index.corrupt when it has met a damaged index; only
   * `undoStep` or `rollback` is accepted then.
   */
  keepStep(): Answer<void>;
  /**
   * Undoes the step that began last.
   *
   * @throws {AtlasError} storage.step_not_restored when what came before the step
   * could not be kept; the transaction then has to be rolled back.
   */
  undoStep(): Answer<void>;
}

/** One of the two syncs of the log that may be in flight at once. */
export type SyncLane = 0 | 1;

/** Exclusive use of the writer. There is one lease per database at a time. */
export interface WriterLease {
  readonly writer: Writer;
  /**
   * Resolves when everything committed on the writer before the call is on
   * stable storage. Runs on a thread: the event loop goes on meanwhile. Calls
   * on one lane share the next sync of it; those on the two lanes run side by
   * side, which is quicker where the device can do so, and confirm for
   * themselves. Default: lane 0.
   *
   * @throws {AtlasError} storage.sync_failed when the device refused; what was
   * committed since the last successful sync may be lost by a power failure.
   */
  syncLog(lane?: SyncLane): Promise<void>;
  /** The same on this thread: faster for one caller on a fast disk, but everything waits. */
  syncLogBlocking(): void;
  /** True when nothing is committed before `reopen`: a sync has failed, or the file was replaced. */
  reopenRequired(): boolean;
  /**
   * Closes every handle, opens the file again and checks it. After a failed
   * sync the operating system may have dropped what it could not write, so
   * only the file itself can say what is there.
   *
   * @throws {AtlasError} storage.corrupt when the check finds damage.
   */
  reopen(): Promise<void>;
  /** Gives the writer back; a second call does nothing. */
  release(): void;
}
