import type { BackupManifest } from "./backup-manifest.ts";

/** How a backup is restored. */
export interface RestoreOptions {
  /**
   * Longest wait, in milliseconds, for other processes to close the database;
   * up to 3,600,000. Default: 5,000.
   */
  readonly timeoutMs?: number;
  /** Refuses a backup of another program. Default: any is accepted. */
  readonly applicationId?: number;
  /** Stops until the file is replaced; nothing has changed then. */
  readonly signal?: AbortSignal;
}

/** A restored database. */
export interface RestoreReport {
  readonly path: string;
  readonly bytes: number;
  readonly rows: Readonly<Record<string, number>>;
  /** Where the file that was replaced is now; undefined when there was none. */
  readonly replaced: string | undefined;
  /** Undefined when the backup has none; then only its content could be checked. */
  readonly manifest: BackupManifest | undefined;
  readonly durationMs: number;
}
