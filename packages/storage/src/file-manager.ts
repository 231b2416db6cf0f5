import type { Database } from "./database.ts";
import type { BackupEntry } from "./files/backup-list.ts";
import type { BackupCompression, BackupManifest } from "./files/backup-manifest.ts";
import type { ExclusiveOptions, ExclusiveStore } from "./files/exclusive-store.ts";
import type { IntegrityOptions, IntegrityReport } from "./files/integrity.ts";
import type { BackupRetention, PruneReport } from "./files/prune-backups.ts";
import type { RestoreOptions, RestoreReport } from "./files/restore.ts";

/** Opens, locks, copies and replaces files so that no crash leaves a half of anything. */
export interface FileManager<OpenOptions extends object> {
  /** Opens a database file, or makes it. */
  open(path: string, options?: OpenOptions): Promise<Database>;
  /**
   * Copies a database while it is read and written, in slices and in a thread, to
   * one state it had after the call began. What is stored is verified and made
   * durable, and only then put at `target`, with a manifest in `<target>.json`.
   *
   * @throws {AtlasError} storage.file_exists unless `overwrite` is set.
   * @throws {AtlasError} storage.backup_invalid when the copy does not hold what the database held.
   */
  backup(database: Database, target: string, options?: BackupOptions): Promise<BackupReport>;
  /**
   * Checks a backup from beginning to end and puts it at `target`. The file that
   * was there is kept beside it, as `<target>.replaced-<time>`. Nobody may have it open.
   *
   * @throws {AtlasError} storage.backup_invalid, with nothing changed.
   * @throws {AtlasError} storage.file_busy when somebody has the target open, this process included.
   * @throws {AtlasError} storage.foreign_file, storage.file_not_found
   */
  restore(backup: string, target: string, options?: RestoreOptions): Promise<RestoreReport>;
  /**
   * Reads a backup from beginning to end and compares it with its manifest.
   *
   * @throws {AtlasError} storage.backup_invalid
   */
  verifyBackup(backup: string): Promise<BackupManifest>;
  /** The backups of a directory, the newest first; what they hold is not read. */
  listBackups(directory: string): Promise<readonly BackupEntry[]>;
  /**
   * Deletes the backups of a directory that are not to be kept, for each database
   * by itself. The newest one that can be read from beginning to end always stays.
   */
  pruneBackups(directory: string, keep: BackupRetention): Promise<PruneReport>;
  /**
   * Writes one state of a database into a new file without free space in it
   * (`VACUUM INTO`), in a thread. The file is verified and durable; it has no manifest.
   *
   * @throws {AtlasError} storage.file_exists unless `overwrite` is set.
   */
  snapshot(database: Database, target: string, options?: SnapshotOptions): Promise<SnapshotReport>;
  /**
   * Checks the structure and the references of a database that is in use, in a
   * thread. It holds one state meanwhile, so the log cannot be cut back.
   */
  checkIntegrity(database: Database, options?: IntegrityOptions): Promise<IntegrityReport>;
  /**
   * Runs `work` on a database that nobody else has open, and that nobody can
   * open until the work has ended: for what needs the store alone. The hold ends
   * with its process, however that ends, and leaves nothing.
   *
   * @throws {AtlasError} storage.file_busy when somebody has it open, this process included.
   * @throws {AtlasError} storage.file_not_found, storage.foreign_file
   */
  exclusive<T>(
    path: string,
    work: (store: ExclusiveStore) => T | Promise<T>,
    options?: ExclusiveOptions,
  ): Promise<T>;
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
  /** Default: "none". */
  readonly compression?: BackupCompression;
  /** How hard zstd tries, 1 to 19. Default: 3. */
  readonly compressionLevel?: number;
  /** Told after each slice of the copy; errors it throws are ignored. */
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
  /** Size of the stored file. */
  readonly bytes: number;
  /** Rows per table, the same in the database and in the copy. */
  readonly rows: Readonly<Record<string, number>>;
  readonly durationMs: number;
  readonly manifest: BackupManifest;
}

/** How a snapshot is written. */
export interface SnapshotOptions {
  /** Default: false. */
  readonly overwrite?: boolean;
  /** Waits for the statement that runs, then gives up; nothing is left. */
  readonly signal?: AbortSignal;
}

/** A finished snapshot. */
export interface SnapshotReport {
  readonly path: string;
  readonly bytes: number;
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
