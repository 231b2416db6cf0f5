/**
 * Collects which statements run, how often and for how long. A database that
 * is opened with one tells it about every statement of every connection.
 */
export interface QueryLog {
  /**
   * The place to record runs of a statement. Asked for once per connection and
   * prepared statement, so that recording needs no look-up.
   */
  statement(sql: string): StatementLog;
  /** What has run since the start or the last `reset`, the most expensive in sum first. */
  entries(): readonly QueryLogEntry[];
  /** Forgets everything recorded. */
  reset(): void;
}

/** Where the runs of one statement are recorded. */
export interface StatementLog {
  /** One run that took `durationMs` and returned or changed `rows` rows. Never throws. */
  record(durationMs: number, rows: number): void;
}

/** What is known of all statements with the same normalised text. */
export interface QueryLogEntry {
  /** The text with its literals replaced by `?`. */
  readonly text: string;
  /** One of the texts as it ran. */
  readonly sql: string;
  readonly runs: number;
  readonly rows: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** Estimated from a histogram, to within a tenth. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}
