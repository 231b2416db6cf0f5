import type { Database } from "./database.ts";

/** Opens, locks, copies and replaces files so that no crash leaves a half of anything. */
export interface FileManager<OpenOptions extends object> {
  /** Opens a database file, or makes it. */
  open(path: string, options?: OpenOptions): Promise<Database>;
  /**
   * Copies a database while it is read and written, in slices, to one state
   * it had after the call began. The copy is verified, made durable and only
   * then put at `target`.
   *
   * @throws {AtlasError} storage.file_exists unless `overwrite` is set.
   * @throws {AtlasError} storage.backup_invalid when the copy does not hold what the database held.
   */
  backup(database: Database, target: string, options?: BackupOptions): Promise<BackupReport>;
  /**
   * Replaces the content of a file: after a crash the file has either the old
   * or the new content, and after the call the new one is durable.
   */
  atomicWrite(path: string, data: string | Uint8Array, options?: AtomicWriteOptions): Promise<void>;
  /** Space on the disk that holds `path`. */
  diskSpace(path: string): Promise<DiskSpace>;
  /**
   * Takes a lock that one process at a time can have. It ends with its
   * process, however that ends. A small file stays at `path` for good.
   *
   * @throws {AtlasError} storage.file_busy when another holder kept it until the time was over.
   */
  lock(path: string, options?: LockOptions): Promise<FileLock>;
}

/** How a backup is made. */
export interface BackupOptions {
  /** Pages per slice, 1 to 100,000; the event loop runs between slices. Default: 256. */
  readonly pagesPerStep?: number;
  /** Default: false. */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Stops between two slices; nothing is left of the copy. */
  readonly signal?: AbortSignal;
}

/** How far a backup is. */
export interface BackupProgress {
  readonly pagesDone: number;
  readonly pagesTotal: number;
}

/** A finished backup. */
export interface BackupReport {
  readonly path: string;
  readonly bytes: number;
  /** Rows per table, the same in the database and in the copy. */
  readonly rows: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** How a file is replaced. */
export interface AtomicWriteOptions {
  /** Permissions. Default: those of the file that is replaced, or 0o600. */
  readonly mode?: number;
}

/** Bytes on a disk. */
export interface DiskSpace {
  /** What this user may still fill. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How a lock is waited for. */
export interface LockOptions {
  /** Longest wait in milliseconds, up to 3,600,000. Default: 30,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A lock that is held. */
export interface FileLock extends AsyncDisposable {
  readonly path: string;
  /** Gives the lock back; releasing twice is harmless. */
  release(): Promise<void>;
}
