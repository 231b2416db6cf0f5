import type { Connection, Reader } from "../connection.ts";
import type { Dialect } from "../dialect.ts";

/** How a store is taken for oneself. */
export interface ExclusiveOptions {
  /**
   * Longest wait, in milliseconds, for others to close the database; up to
   * 3,600,000. Default: 5,000.
   */
  readonly timeoutMs?: number;
  /** Refuses a file of another program. Default: any is accepted. */
  readonly applicationId?: number;
  readonly signal?: AbortSignal;
}

/**
 * A store that nobody else can open or read while the work on it runs. It does
 * one thing at a time. `migrate` accepts it as a database.
 */
export interface ExclusiveStore {
  /** Absolute. */
  readonly path: string;
  readonly dialect: Dialect;
  /** @throws {AtlasError} storage.transaction_open while another body runs. */
  read<T>(body: (reader: Reader) => T | Promise<T>): Promise<T>;
  /**
   * Runs `body` in a transaction and resolves when it is durable; a throwing
   * body leaves nothing behind.
   *
   * @throws {AtlasError} storage.transaction_open while another body runs.
   */
  write<T>(body: (connection: Connection) => T | Promise<T>): Promise<T>;
  /**
   * Writes the database anew without the free space in it. Stops the event loop
   * for as long as that takes, and needs the size of the database twice on the disk.
   */
  vacuum(): Promise<void>;
}
