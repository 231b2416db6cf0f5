import type { ChangeFeed } from "./change-feed.ts";
import type { ConnectionStateManager } from "./connection-state-manager.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Connection, Reader } from "./connection.ts";
import type { DatabaseStatistics } from "./database-statistics.ts";
import type { Dialect } from "./dialect.ts";
import type { Query } from "./query.ts";
import type { ScanOptions } from "./scan.ts";
import type { WriterLease } from "./writer.ts";

/** How one read waits for its connection. */
export interface ReadOptions {
  /** Longest wait for a free reader, in milliseconds. Default: the pool's `acquireTimeoutMs`. */
  readonly acquireTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How one write waits for its turn. */
export interface WriteOptions {
  /**
   * Longest wait for the write lock in milliseconds, in this process and
   * against others. Default: the database's `writeTimeoutMs`.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One open store: a lane of readers, each on its own snapshot, and one writer.
 *
 * Guarantees, whatever the driver:
 * 1. Writes happen one after the other.
 * 2. A write is atomic: all of its statements or none.
 * 3. A read sees one committed state from beginning to end.
 * 4. A reader cannot write.
 * 5. Asking for the writer inside a write is refused, because it would wait for itself.
 */
export interface Database extends Reader, AsyncDisposable {
  /** Where the data is, as the user named it. For messages and events. */
  readonly location: string;
  readonly dialect: Dialect;
  readonly pool: ConnectionPool;
  readonly connections: ConnectionStateManager;
  /** Which tables commits change. */
  readonly changes: ChangeFeed;
  /**
   * Runs `body` on one snapshot. The reader is refused after `body` has ended.
   * `get` and `all` on the database itself are reads of one statement each.
   *
   * @throws {AtlasError} storage.acquire_timeout when no reader became free in time.
   */
  read<T>(body: (reader: Reader) => T | Promise<T>, options?: ReadOptions): Promise<T>;
  /**
   * Reads many rows without keeping the event loop from running: on another
   * thread, in chunks, from one committed state. With a `signal` or `timeoutMs`
   * it runs in a process of its own, the only thing that can be stopped in the
   * middle of a query. Rows are read as the loop asks for them; a loop that is
   * left open keeps the log from being cut back.
   *
   * @throws {AtlasError} storage.query_timeout, operation.cancelled, storage.scan_failed
   */
  scan<Row, Values extends object>(
    query: Query<Row, Values>,
    options: ScanOptions<Values>,
  ): AsyncIterable<readonly Row[]>;
  /**
   * Runs `body` in a transaction of its own and resolves when it is durable.
   * A throwing body leaves nothing behind.
   *
   * @throws {AtlasError} storage.busy when the write lock was not free in time.
   * @throws {AtlasError} storage.writer_taken when a transaction manager owns the writer.
   */
  write<T>(body: (connection: Connection) => T | Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Hands the writer to one owner, usually a transaction manager, which then
   * answers for guarantees 1, 2 and 5. `write` is refused until it is released.
   *
   * @throws {AtlasError} storage.writer_taken when somebody has it.
   */
  unsafeTakeWriter(): Promise<WriterLease>;
  /** What has happened since the database was opened. */
  statistics(): DatabaseStatistics;
  /**
   * Waits for running reads and writes, then closes every connection. Scans end
   * at once, and requests that wait are refused; a lease on the writer ends at once, and with it an
   * open transaction. Closing twice is harmless.
   */
  close(): Promise<void>;
}
