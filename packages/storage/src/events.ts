/** What a database tells its observer. Durations are in milliseconds. */
export type StorageEvent =
  | OpenedEvent
  | ClosedEvent
  | ReopenedEvent
  | BusyWaitEvent
  | SyncedEvent
  | SyncFailedEvent
  | SlowStatementEvent
  | ReaderOpenedEvent
  | ReaderRetiredEvent
  | CheckpointedEvent
  | CheckpointFailedEvent
  | WalHeldBackEvent
  | SnapshotExpiredEvent
  | UnhealthyEvent
  | LogSetAsideEvent;

/** The database is open and its settings are verified. */
export interface OpenedEvent {
  readonly type: "opened";
  readonly location: string;
  readonly durationMs: number;
}

/** Every connection of the database is closed. */
export interface ClosedEvent {
  readonly type: "closed";
  readonly location: string;
}

/** The database was closed, opened and checked after a failed sync. */
export interface ReopenedEvent {
  readonly type: "reopened";
  readonly location: string;
  readonly durationMs: number;
}

/** A call waited for a lock that another process held. */
export interface BusyWaitEvent {
  readonly type: "busy_wait";
  readonly location: string;
  readonly waitedMs: number;
  readonly attempts: number;
  /** False when the deadline came first. */
  readonly succeeded: boolean;
}

/** What had been committed is on stable storage. */
export interface SyncedEvent {
  readonly type: "synced";
  readonly location: string;
  readonly durationMs: number;
}

/** The device did not confirm a sync; the writer stops until the database was reopened. */
export interface SyncFailedEvent {
  readonly type: "sync_failed";
  readonly location: string;
}

/** A statement ran longer than `slowQueryMs`. The text holds no bound values. */
export interface SlowStatementEvent {
  readonly type: "statement_slow";
  readonly location: string;
  readonly sql: string;
  readonly durationMs: number;
}

/** The pool opened a reader. */
export interface ReaderOpenedEvent {
  readonly type: "reader_opened";
  readonly location: string;
  readonly id: string;
}

/** The pool closed a reader. */
export interface ReaderRetiredEvent {
  readonly type: "reader_retired";
  readonly location: string;
  readonly id: string;
  /**
   * `unclean`: a transaction could not be ended, so the handle was not trusted
   * again. `broken`: it failed in a way that a new handle may not.
   */
  readonly reason: "surplus" | "uses" | "age" | "unclean" | "broken" | "reopen" | "closed";
}

/** The log, or a part of it, was copied back into the database file. */
export interface CheckpointedEvent {
  readonly type: "checkpointed";
  readonly location: string;
  readonly frames: number;
  readonly framesCopied: number;
  readonly durationMs: number;
}

/** A checkpoint failed; nothing is lost, but the log grows until one succeeds. */
export interface CheckpointFailedEvent {
  readonly type: "checkpoint_failed";
  readonly location: string;
  readonly error: unknown;
}

/** A read of this process keeps the log from starting again. */
export interface WalHeldBackEvent {
  readonly type: "wal_held_back";
  readonly location: string;
  /** The reader or scan with the oldest snapshot. */
  readonly id: string;
  readonly heldMs: number;
  readonly sizeBytes: number;
}

/** A read was ended because the log had nearly reached its limit. */
export interface SnapshotExpiredEvent {
  readonly type: "snapshot_expired";
  readonly location: string;
  readonly id: string;
  readonly heldMs: number;
}

/** A health check found something that had to be replaced. */
export interface UnhealthyEvent {
  readonly type: "unhealthy";
  readonly location: string;
  readonly problems: readonly string[];
}

/** The log of a database that was replaced is kept at `path`, so that nobody applies it to the new one. */
export interface LogSetAsideEvent {
  readonly type: "log_set_aside";
  readonly location: string;
  readonly path: string;
}
