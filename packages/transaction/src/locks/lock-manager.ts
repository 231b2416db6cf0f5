import type { LockTable } from "./lock-table.ts";

/** `shared` goes with other shared locks of the same name, `exclusive` with none. */
export type LockMode = "shared" | "exclusive";

/** How one lock is waited for. */
export interface LockWaitOptions {
  /**
   * Longest wait in milliseconds, 0 to 3,600,000; with 0 a lock that is not
   * free is refused at once. Default: the manager's `timeoutMs`.
   */
  readonly timeoutMs?: number;
  /** Ends the wait when it fires. */
  readonly signal?: AbortSignal;
}

/** How a victim of a deadlock is tried again. */
export interface LockRetryOptions {
  /** Attempts in all, 1 to 10,000. Default: 100. */
  readonly attemptsMax?: number;
  /** Bound of the first pause in milliseconds, 0 to 60,000; it doubles each time. Default: 1. */
  readonly pauseMs?: number;
  /** Largest bound of a pause in milliseconds, 0 to 60,000. Default: 50. */
  readonly pauseMaxMs?: number;
}

/** How one unit of work runs. */
export interface LockRunOptions {
  /** Default: the manager's `retry`. */
  readonly retry?: LockRetryOptions;
}

/** One lock that is held. It ends with its owner at the latest. */
export interface LockHandle extends Disposable, AsyncDisposable {
  readonly name: string;
  readonly mode: LockMode;
  /**
   * Greater than that of every earlier lock of this name in this manager, and
   * new after an upgrade. It starts again with the process: what is stored and
   * outlives it is guarded by a lease.
   */
  readonly fencingToken: number;
  /** Gives the lock back. Harmless when it was given back already. */
  release(): void;
  /**
   * Makes a shared lock exclusive, in front of everybody who does not hold it.
   *
   * @throws {AtlasError} transaction.deadlock when another holder upgrades too
   * and this owner is the younger one; the shared lock stays.
   * @throws {AtlasError} transaction.lock_timeout, transaction.cancelled with the
   * shared lock kept; transaction.lock_released after the end of the lock.
   */
  upgrade(options?: LockWaitOptions): Promise<void>;
  /**
   * Makes an exclusive lock shared.
   *
   * @throws {AtlasError} transaction.lock_released after the end of the lock.
   */
  downgrade(): void;
}

/** A unit of work: the node of the wait-for graph. */
export interface LockOwner {
  /** Unique within the manager, and the same in each attempt. */
  readonly id: string;
  /** From 1; counts the times the work was begun. */
  readonly attempt: number;
  /** The same as `lock` of the manager, for code that runs outside the body. */
  lock(name: string, mode: LockMode, options?: LockWaitOptions): Promise<LockHandle>;
}

/** Named locks of one process, for work that spans transactions. */
export interface LockManager extends Disposable {
  /**
   * Runs `body` as one owner: every lock taken in it, also by functions it
   * calls, belongs to this owner and is released when the body ends. When the
   * owner is refused to end a deadlock, everything is released and the body
   * runs again, so what it does outside its locks must be repeatable. Inside
   * another `run` it joins that owner.
   *
   * @throws {AtlasError} transaction.deadlock when every attempt was a victim.
   */
  run<T>(body: (owner: LockOwner) => T | Promise<T>, options?: LockRunOptions): Promise<T>;
  /**
   * Takes a lock for the owner that the calling code belongs to. First come,
   * first served: shared locks are granted together, and none overtakes an
   * exclusive one that waits. An owner gets again what it has.
   *
   * @throws {AtlasError} transaction.deadlock when this owner is the youngest of
   * a circle of owners that wait for each other.
   * @throws {AtlasError} transaction.lock_timeout, transaction.cancelled,
   * transaction.overloaded when waiting ended or could not begin.
   * @throws {AtlasError} transaction.lock_unowned outside `run`.
   * @throws {AtlasError} transaction.would_deadlock when it would wait while its
   * transaction keeps the writer.
   */
  lock(name: string, mode: LockMode, options?: LockWaitOptions): Promise<LockHandle>;
  /** Who holds what and who waits for whom, at this moment. */
  table(): LockTable;
  /**
   * Refuses everybody who waits and whoever comes; what is held stays valid
   * until it is released. Closing twice is harmless.
   */
  close(): void;
}
