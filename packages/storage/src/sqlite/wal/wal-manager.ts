/**
 * Looks after the write-ahead log: what is committed is copied back into the
 * database file on another thread, often enough that the log stays small.
 */
export interface WalManager {
  /** Copies back what readers allow. Resolves when it is done. */
  checkpoint(): Promise<CheckpointReport>;
  /** What the log is like now. Costs about as much as reading a row. */
  monitor(): WalStats;
  /**
   * Copies everything back and cuts the log to nothing. Waits for readers and
   * writers for up to `timeoutMs` (1,000, up to 60,000), without blocking this thread.
   *
   * @throws {AtlasError} storage.busy when somebody still needed the log then.
   */
  cleanup(options?: { readonly timeoutMs?: number }): Promise<CheckpointReport>;
  /**
   * Reads the log from its file and checks every committed frame against its
   * checksum, as SQLite would after a crash.
   *
   * @throws {AtlasError} storage.busy when every connection was inside a transaction.
   */
  verify(): Promise<WalVerification>;
}

/** The state of the log. */
export interface WalStats {
  /** Bytes of the file; it keeps its size when the log starts again at its beginning. */
  readonly size: number;
  /** Committed frames, one page each. */
  readonly frames: number;
  /** Frames that the database file has already. */
  readonly framesCopied: number;
  /** Checkpoints that this process has made on its other thread. */
  readonly checkpoints: number;
  readonly lastCheckpoint: Date | undefined;
  /** Who keeps the log from starting again: the reader of this process with the oldest snapshot. */
  readonly oldestReader: { readonly id: string; readonly heldMs: number } | undefined;
}

/** What a checkpoint did. */
export interface CheckpointReport {
  /** Frames in the log afterwards. */
  readonly frames: number;
  /** Those of them that the database file has. */
  readonly framesCopied: number;
  readonly durationMs: number;
}

/** What the file of the log holds. */
export interface WalVerification {
  /** True when every committed frame is as it was written. */
  readonly ok: boolean;
  /** Frames that are committed. */
  readonly frames: number;
  /** Frames before the first bad one. */
  readonly validFrames: number;
}
