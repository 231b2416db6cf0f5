/** Knows every connection of a database, how it is doing, and brings it back. */
export interface ConnectionStateManager {
  /** Every open connection, the one that writes first. */
  list(): readonly ConnectionState[];
  /** Sums over all connections since the database was opened, those already closed included. */
  getMetrics(): ConnectionMetrics;
  /**
   * Asks every connection that is free a question, replaces those that cannot
   * answer, and compares the file at the path with the one that is open. When
   * it was replaced, everything is reopened on the new one.
   */
  checkHealth(): Promise<HealthReport>;
  /**
   * Closes and reopens every connection. Reads that run end first; waiting ones
   * go on afterwards.
   *
   * @throws {AtlasError} storage.file_not_found when there is no file at the path: it is never made
   * anew; storage.busy when reads did not end in time.
   */
  handleDisconnect(): Promise<void>;
}

/** One open connection. */
export interface ConnectionState {
  /** As it appears in events. */
  readonly id: string;
  readonly kind: "writer" | "reader";
  readonly state: "idle" | "active";
  readonly ageMs: number;
  readonly metrics: ConnectionMetrics;
}

/**
 * What connections have done. Times need an observer, a query log or
 * `connectionMetrics` "timed" or "full", bytes need "full"; else they are zero.
 */
export interface ConnectionMetrics {
  readonly queries: number;
  readonly errors: number;
  /** Milliseconds per query. */
  readonly latency: { readonly meanMs: number; readonly maxMs: number };
  /** Bytes of the values read, text counted as one byte per character. */
  readonly bytesTransferred: number;
  /** Time in which statements were bound, run and their rows decoded, in milliseconds. */
  readonly busyMs: number;
  /** Time in which somebody held a reader, in milliseconds. */
  readonly heldMs: number;
}

/** What a health check found. */
export interface HealthReport {
  /** True when nothing had to be replaced. */
  readonly healthy: boolean;
  /** In full sentences; at most one per connection and one for the file. */
  readonly problems: readonly string[];
}

/**
 * Called as readers come and go. What a hook throws is ignored.
 */
export interface ReaderHooks {
  readonly created?: (id: string) => void;
  readonly acquired?: (id: string) => void;
  readonly released?: (id: string, heldMs: number) => void;
  readonly retired?: (id: string, reason: string) => void;
}
