import type { Reader } from "./connection.ts";
import type { ReadOptions } from "./database.ts";

/** A moment of a {@link ConnectionPool}. */
export interface PoolStatus {
  /** Readers that are open; they are opened when they are first needed. */
  readonly total: number;
  /** Readers that somebody holds. */
  readonly active: number;
  readonly idle: number;
  readonly waitingRequests: number;
}

/** A reader on its own snapshot, held until it is released. */
export interface AcquiredReader extends Reader, Disposable {
  /** Unique within the database; appears in events. */
  readonly id: string;
}

/**
 * The readers of one database. Waiting requests are served first in, first
 * out; the writer is not part of the pool.
 */
export interface ConnectionPool {
  /**
   * Takes a reader that sees one committed state until it is released. Prefer
   * `Database.read`, which releases by itself.
   *
   * @throws {AtlasError} storage.acquire_timeout when no reader became free in time.
   * @throws {AtlasError} storage.queue_full when too many requests wait.
   */
  acquire(options?: ReadOptions): Promise<AcquiredReader>;
  /** Ends the snapshot and gives the reader back; releasing twice is harmless. */
  release(reader: AcquiredReader): void;
  status(): PoolStatus;
  /**
   * Changes the number of readers, 1 to 64. Growing takes effect for the
   * requests already waiting; surplus readers are closed when they come back.
   *
   * @throws {AtlasError} configuration.invalid_option
   */
  resize(size: number): void;
}
