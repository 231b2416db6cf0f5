/**
 * Backs a database up again and again.
 *
 * - One backup at a time, in this process and among all that use the directory:
 *   a lock in it is held meanwhile.
 * - The next one is due when the newest complete backup in the directory is old
 *   enough, so a restart neither skips a backup nor makes one too many.
 * - Old ones are deleted only after a new one has succeeded.
 * - A failure is reported and tried again, sooner than the next backup is due.
 */
import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { AtlasError, checkOptions } from "@atlas/errors";
import type { Database } from "../database.ts";
import type { BackupOptions, BackupReport, FileLock, FileManager } from "../file-manager.ts";
import { throwIfCancelled } from "../sqlite/cancelled.ts";
import { checkRetention, type BackupRetention, type PruneReport } from "./prune-backups.ts";
import { delayMsMax, processTimers, type Timers } from "./timers.ts";

/** What a schedule needs of a file manager. */
export type BackupFiles = Pick<
  FileManager<object>,
  "backup" | "listBackups" | "pruneBackups" | "lock"
>;

/** What is backed up, where to and how often. */
export interface BackupScheduleOptions {
  readonly files: BackupFiles;
  readonly database: Database;
  /** Must exist. */
  readonly directory: string;
  /** Time between two backups in milliseconds, up to 2,147,483,647 (24 days). */
  readonly everyMs: number;
  /** Which ones stay after a new one has succeeded. Default: all. */
  readonly keep?: BackupRetention;
  /** Default: "zstd". */
  readonly compression?: NonNullable<BackupOptions["compression"]>;
  /** The first pause after a failure in milliseconds; it doubles up to `everyMs`. Default: 60,000. */
  readonly retryMs?: number;
  /** Receives what happens. Errors it throws are ignored. Default: nobody does. */
  readonly onEvent?: (event: BackupEvent) => void;
  /** The time of day, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Default: timers of the process that do not keep it alive. */
  readonly timers?: Timers;
}

/** What a schedule tells its observer. */
export type BackupEvent =
  | { readonly type: "backup_started" }
  | {
      readonly type: "backup_completed";
      readonly report: BackupReport;
      /** Undefined when it failed; `prune_failed` says why. */
      readonly pruned: PruneReport | undefined;
    }
  | { readonly type: "backup_failed"; readonly error: unknown; readonly failures: number }
  /** Another process makes one in the same directory. */
  | { readonly type: "backup_skipped" }
  | { readonly type: "prune_failed"; readonly error: unknown };

/** How a schedule is doing. */
export interface BackupScheduleStatus {
  readonly running: boolean;
  /** Milliseconds since the epoch; undefined before the first success. */
  readonly lastSuccessAt: number | undefined;
  /** Failures since the last success. */
  readonly failures: number;
  /** Milliseconds since the epoch; undefined while one runs and after the stop. */
  readonly nextAt: number | undefined;
}

/** A running schedule. */
export interface BackupSchedule extends AsyncDisposable {
  readonly status: BackupScheduleStatus;
  /**
   * Makes a backup now, or joins the one that runs; undefined when another
   * process makes one.
   *
   * @throws {AtlasError} what the backup failed with; operation.cancelled after the stop.
   */
  runNow(): Promise<BackupReport | undefined>;
  /** Gives up a backup that runs and waits until it has ended; twice is harmless. */
  stop(): Promise<void>;
}

/** Default of {@link BackupScheduleOptions}. */
const backupRetryMs = 60_000;

/** How the files of a schedule begin. */
const prefix = "backup-";

/** The lock of a directory; the small file stays. */
const lockName = ".atlas-backups.lock";

/** Starts to back a database up; the first backup is made at once when one is due. */
export function createBackupSchedule(options: BackupScheduleOptions): BackupSchedule {
  checkOptions<BackupScheduleOptions>("createBackupSchedule", options, {
    files: "any",
    database: "any",
    directory: "any",
    everyMs: { min: 1, max: delayMsMax },
    keep: "any",
    compression: ["none", "zstd"],
    retryMs: { min: 1, max: delayMsMax },
    onEvent: "any",
    now: "any",
    timers: "any",
  });
  checkRetention("createBackupSchedule", options.keep ?? {});
  return new Schedule({ ...options });
}

class Schedule implements BackupSchedule {
  readonly #options: BackupScheduleOptions;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  #running: Promise<BackupReport | undefined> | undefined;
  #planning: Promise<void>;
  #cancelTimer: (() => void) | undefined;
  #lastSuccessAt: number | undefined;
  #nextAt: number | undefined;
  #failures = 0;
  #skipped = false;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#planning = this.#plan();
  }

  get status(): BackupScheduleStatus {
    return {
      running: this.#running !== undefined,
      lastSuccessAt: this.#lastSuccessAt,
      failures: this.#failures,
      nextAt: this.#nextAt,
    };
  }

  runNow(): Promise<BackupReport | undefined> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#planning = this.#plan();
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#clearTimer();
    await Promise.allSettled([this.#running]);
    await this.#planning;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<BackupReport | undefined> {
    const { signal } = this.#stopping;
    this.#clearTimer();
    throwIfCancelled(signal);
    try {
      await using lock = await this.#lock();
      this.#skipped = lock === undefined;
      if (lock !== undefined) return await this.#backup();
      this.#tell({ type: "backup_skipped" });
      return undefined;
    } catch (error) {
      // Whoever stopped it does not want to be told.
      if (signal.aborted) throw error;
      this.#failures += 1;
      this.#tell({ type: "backup_failed", error, failures: this.#failures });
      throw error;
    }
  }

  /** Undefined while another process makes a backup in the same directory. */
  async #lock(): Promise<FileLock | undefined> {
    const { files, directory } = this.#options;
    const { signal } = this.#stopping;
    try {
      return await files.lock(join(directory, lockName), { timeoutMs: 0, signal });
    } catch (error) {
      if (AtlasError.is(error) && error.code === "storage.file_busy") return undefined;
      throw error;
    }
  }

  async #backup(): Promise<BackupReport> {
    const { files, database, directory, compression = "zstd" } = this.#options;
    const { signal } = this.#stopping;
    this.#tell({ type: "backup_started" });
    await removeLeftovers(directory);
    const target = join(resolve(directory), fileName(this.#now(), compression));
    const report = await files.backup(database, target, { compression, signal });
    this.#failures = 0;
    this.#lastSuccessAt = this.#now();
    this.#tell({ type: "backup_completed", report, pruned: await this.#prune() });
    return report;
  }

  async #prune(): Promise<PruneReport | undefined> {
    const { files, directory, keep } = this.#options;
    try {
      return await files.pruneBackups(directory, keep ?? {});
    } catch (error) {
      this.#tell({ type: "prune_failed", error });
      return undefined;
    }
  }

  /** Sets the timer for the next backup. */
  async #plan(): Promise<void> {
    const now = this.#now();
    const retry = this.#failures > 0 || this.#skipped;
    const delayMs = retry ? this.#retryDelayMs() : await this.#dueInMs(now);
    if (this.#stopping.signal.aborted || this.#running !== undefined) return;
    this.#clearTimer();
    this.#nextAt = now + delayMs;
    this.#cancelTimer = (this.#options.timers ?? processTimers).after(delayMs, () => {
      // The observer has been told.
      this.runNow().catch(() => undefined);
    });
  }

  /** By what is in the directory, so that a restart changes nothing. */
  async #dueInMs(now: number): Promise<number> {
    const { everyMs } = this.#options;
    const newestAt = Math.max(this.#lastSuccessAt ?? 0, await this.#newestAt());
    // A clock that was set back must not put the next backup off for longer.
    return Math.min(everyMs, Math.max(0, newestAt + everyMs - now));
  }

  async #newestAt(): Promise<number> {
    const { files, directory, database } = this.#options;
    const name = basename(database.location);
    try {
      const entries = await files.listBackups(directory);
      const newest = entries.find(
        ({ state, manifest }) => state === "complete" && manifest?.database === name,
      );
      return Date.parse(newest?.manifest?.createdAt ?? "") || 0;
    } catch {
      // The backup meets the same obstacle, and reports it.
      return 0;
    }
  }

  #retryDelayMs(): number {
    const { everyMs, retryMs = backupRetryMs } = this.#options;
    return Math.min(everyMs, retryMs * 2 ** Math.min(Math.max(0, this.#failures - 1), 20));
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#nextAt = undefined;
  }

  #tell(event: BackupEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // An observer is told, not asked.
    }
  }
}

function fileName(now: number, compression: "none" | "zstd"): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:.]/g, "");
  return `${prefix}${stamp}.db${compression === "zstd" ? ".zst" : ""}`;
}

/** What a process that was killed in a backup left here; the lock says that none runs. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`.${prefix}`) || !name.includes(".tmp")) continue;
    await rm(join(directory, name), { force: true });
  }
}
