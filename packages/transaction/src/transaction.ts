import type { Connection, Query, RunResult, SyncConnection } from "@atlas/storage";
import type { Participant, UndoneOutcome } from "./participant.ts";
import type { TransactionOptions } from "./transaction-options.ts";
import type { TransactionStatistics, TransactionStatus } from "./transaction-status.ts";

/** The four levels of the SQL standard. */
export type IsolationLevel =
  | "read_uncommitted"
  | "read_committed"
  | "repeatable_read"
  | "serializable";

/** What a body may do with the transaction it runs in. */
export interface Transaction extends Connection {
  /** The level really given, which is never weaker than the one asked for. */
  readonly isolation: IsolationLevel;
  /** True when nothing can be changed in it. */
  readonly readonly: boolean;
  readonly startTime: Date;
  /** Statements run so far, nested transactions included. */
  readonly operations: number;
  /**
   * Marks a point to which `rollbackTo` can return. A name may be used again;
   * the newest one counts.
   */
  createSavepoint(name: string): Promise<void>;
  /**
   * Undoes everything since the savepoint, which stays set.
   *
   * @throws {AtlasError} transaction.savepoint_unknown when there is none of that name.
   */
  rollbackTo(name: string): Promise<void>;
  /**
   * Runs `hook` once, when the outermost transaction is durable; never when
   * this transaction or one around it was rolled back. The hook runs outside
   * the transaction. What it throws is reported as an event and goes no further.
   */
  afterCommit(hook: () => void): void;
  /**
   * Runs `hook` once, when this transaction or one around it was rolled back,
   * or when the device did not confirm its commit; `outcome` says which. Of
   * `afterCommit` and `afterRollback` exactly one runs.
   */
  afterRollback(hook: (outcome: UndoneOutcome) => void): void;
  /**
   * Makes something part of the outermost transaction, once for each `key`, and
   * answers with what `create` made the first time. With participants a
   * transaction is always durable when acknowledged.
   *
   * @throws {AtlasError} transaction.participant_waits when it cannot take part in a program.
   * @throws {AtlasError} transaction.child_unfinished when a nested transaction runs beside the
   * caller: what it undoes could not be told from what the caller did meanwhile.
   */
  enlist(key: object, create: () => Participant): Participant;
}

/** A transaction that was begun by hand and must be ended by hand. */
export interface ManualTransaction extends Transaction, AsyncDisposable {
  /** Resolves when everything is durable. */
  commit(): Promise<void>;
  /** Undoes everything. Harmless after the end. */
  rollback(): Promise<void>;
}

/** One statement of a program that is given as data. Made by `statement`, which checks the values. */
export interface ProgramStatement {
  readonly query: Query<unknown, never>;
  readonly values: object | undefined;
}

/** A body that never waits. */
export type Program<T> = (connection: SyncConnection) => T;

/** The one thing most code needs: run this, all of it or nothing. */
export interface TransactionCoordinator {
  /**
   * Runs `body` in a transaction and resolves with its result when the change
   * is durable. Inside another transaction it nests as a savepoint: a failure
   * undoes the inner one only, and nothing is durable before the outermost ends.
   *
   * Code called by the body finds the transaction by itself through
   * `TransactionManager.connection`.
   *
   * @throws {AtlasError} transaction.timeout when the body, or the wait for the
   * writer, took longer than allowed.
   * @throws {AtlasError} transaction.outcome_unknown when the device failed to
   * confirm the commit.
   */
  atomic<T>(
    body: (transaction: Transaction) => T | Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
}

/** Owns the writer of one database and hands it out fairly. */
export interface TransactionManager extends TransactionCoordinator, AsyncDisposable {
  /**
   * Runs a body that never waits: the fastest way to change data. A list of
   * statements works with every driver, a function only where the driver is
   * embedded.
   *
   * @throws {AtlasError} transaction.body_returned_promise when it waits after all.
   */
  program<T>(body: Program<T>, options?: TransactionOptions): Promise<T>;
  program(
    statements: readonly ProgramStatement[],
    options?: TransactionOptions,
  ): Promise<RunResult[]>;
  /**
   * The ambient connection: inside a transaction its calls belong to it,
   * outside each read is a snapshot of its own and each write a transaction of
   * its own.
   */
  readonly connection: Connection;
  /**
   * Runs `body` on one snapshot without taking the writer; inside a
   * transaction it reads what that transaction has written.
   */
  read<T>(body: (connection: Connection) => T | Promise<T>): Promise<T>;
  /** The transaction this code runs in. */
  current(): Transaction | undefined;
  /**
   * Begins a transaction that ends with `commit` or `rollback`. It does not
   * travel through async calls; pass the handle on.
   */
  begin(isolation?: IsolationLevel, options?: TransactionOptions): Promise<ManualTransaction>;
  commit(transaction: ManualTransaction): Promise<void>;
  rollback(transaction: ManualTransaction): Promise<void>;
  /** Marks a point in the current transaction. */
  createSavepoint(name: string): Promise<void>;
  /** Returns to a point in the current transaction. */
  rollbackTo(name: string): Promise<void>;
  /** Runs `body` outside the current transaction: for timers and queues that outlive it. */
  runWithoutTransaction<T>(body: () => T): T;
  /** What is going on at this moment. */
  status(): TransactionStatus;
  /** What has happened since the manager was created. */
  statistics(): TransactionStatistics;
  /** Finishes what has begun, refuses what has not, and gives the writer back. */
  close(): Promise<void>;
}
