import type { Database } from "../database.ts";
import type { WalManager } from "./wal/wal-manager.ts";

/** A database over one SQLite file, with what only SQLite has. */
export interface SqliteStore extends Database {
  readonly wal: WalManager;
  /** Most the page cache of each connection holds, in KiB. */
  readonly cacheSizeKib: number;
  /**
   * Sets that for every open connection and those opened later, 64 to
   * 4,194,304. A cache that holds more shrinks as its pages are used, or at once
   * with `releaseMemory`. Scans that run keep what they began with.
   *
   * @throws {AtlasError} configuration.invalid_option, storage.closed
   */
  setCacheSize(kib: number): void;
  /**
   * Gives back what page caches hold and no statement needs. The pages are read
   * again when they are asked for.
   *
   * @throws {AtlasError} storage.closed
   */
  releaseMemory(): void;
}
