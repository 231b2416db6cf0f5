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
  | ReaderRetiredEvent;

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
  /** `unclean`: a transaction could not be ended, so the handle was not trusted again. */
  readonly reason: "surplus" | "uses" | "age" | "unclean" | "reopen" | "closed";
}
