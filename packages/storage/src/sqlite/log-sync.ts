/**
 * Brings the write-ahead log to stable storage: what makes a commit under
 * `synchronous=NORMAL` as durable as one under FULL.
 *
 * SQLite writes a commit into the log and, under NORMAL, leaves it to the
 * operating system. A sync of the same file through a descriptor of our own,
 * begun after the commit, covers it. What has to be right:
 *
 * - SQLite keeps the log in place for as long as a connection is open. When its
 *   path, or that of the database, leads elsewhere, another program has removed
 *   or replaced it, and what SQLite writes can no longer be found there: that is
 *   a failed sync. The database is compared at most every 5 ms, because asking is
 *   a twentieth of a small transaction; the log about once a second: since Linux
 *   6.13 a file whose times were asked for gets finer ones with its next write,
 *   which makes the sync of a log a third slower.
 * - A new file is only found after a power failure when its directory was
 *   synced too.
 * - An error is reported once per descriptor. So there is one sync at a time on
 *   a descriptor, and callers that come meanwhile share the next one. Each lane
 *   and the blocking call have a descriptor of their own.
 * - After an error nothing is ever confirmed again: the operating system may
 *   have dropped what it could not write, and a second sync would say yes.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { promisify } from "node:util";
import { dirname } from "node:path";
import { storageError } from "../errors.ts";
import type { SyncLane } from "../writer.ts";
import type { DataFile } from "./data-file.ts";
import { identityOf, sameFile, type FileIdentity } from "./file-identity.ts";

const syncOnThread = promisify(fdatasync);

interface Descriptor {
  readonly fd: number;
  readonly identity: FileIdentity;
  /** When device and inode were last those of the path. */
  comparedAt: number;
}

/** Syncs on other threads, one after the other. */
interface Lane {
  descriptor: Descriptor | undefined;
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
}

/** The log is compared with its path again after so many milliseconds. */
const compareEveryMs = 1_000;
/** The same of the database. */
const compareDatabaseEveryMs = 5;

/** Syncs the log of one database file. */
export class LogSync {
  readonly #file: DataFile;
  readonly #path: string;
  readonly #database: FileIdentity | undefined;
  /** The log that was there at the beginning, for those who never sync. */
  readonly #firstLog: FileIdentity | undefined;
  readonly #lanes: Readonly<Record<SyncLane, Lane>> = { 0: createLane(), 1: createLane() };
  #forCaller: Descriptor | undefined;
  #databaseComparedAt = Number.NEGATIVE_INFINITY;
  #latestMs = Number.POSITIVE_INFINITY;
  #failure: unknown;
  #closed = false;

  constructor(file: DataFile, logPath: string) {
    this.#file = file;
    this.#path = logPath;
    this.#database = identityOf(file.path);
    this.#firstLog = identityOf(logPath);
  }

  /** Resolves when everything committed before the call is on stable storage. */
  sync(index: SyncLane = 0): Promise<void> {
    const lane = this.#lanes[index];
    if (lane.running === undefined) return this.#start(lane);
    // The one that runs may have begun before the last commit.
    lane.next ??= lane.running.then(
      () => this.#start(lane),
      () => this.#start(lane),
    );
    return lane.next;
  }

  /** The same on this thread. */
  syncBlocking(): void {
    const startedAt = this.#file.settings.clock();
    this.#refuseAfterFailure();
    try {
      this.#forCaller = this.#current(this.#forCaller, startedAt);
      fdatasyncSync(this.#forCaller.fd);
    } catch (cause) {
      throw this.#fail(cause);
    }
    this.#report(startedAt);
  }

  /**
   * Takes the log away from a path at which another database is now: whoever
   * opened that one would apply it. Answers where it is kept, if it was there.
   */
  setAside(suffix: string): string | undefined {
    if (!sameFile(this.#identity(), identityOf(this.#path))) return undefined;
    const kept = `${this.#file.path}.${suffix}-wal`;
    renameSync(this.#path, kept);
    // The index of the log is as wrong there as the log; it is made anew from one.
    rmSync(`${this.#file.path}-shm`, { force: true });
    return kept;
  }

  /** How long the latest sync took, in milliseconds; infinite before the first. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** True after a failed sync: only reopening helps. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Waits for a running sync, then gives the descriptors back. */
  async close(): Promise<void> {
    this.#closed = true;
    const lanes = Object.values(this.#lanes);
    await Promise.allSettled(lanes.flatMap(({ running, next }) => [running, next]));
    for (const { fd } of this.#descriptors()) closeSync(fd);
    for (const lane of lanes) lane.descriptor = undefined;
    this.#forCaller = undefined;
  }

  #descriptors(): readonly Descriptor[] {
    const all = [
      ...Object.values(this.#lanes).map(({ descriptor }) => descriptor),
      this.#forCaller,
    ];
    return all.filter((descriptor) => descriptor !== undefined);
  }

  #start(lane: Lane): Promise<void> {
    lane.next = undefined;
    const run = this.#run(lane).finally(() => {
      if (lane.running === run) lane.running = undefined;
    });
    lane.running = run;
    return run;
  }

  async #run(lane: Lane): Promise<void> {
    const startedAt = this.#file.settings.clock();
    this.#refuseAfterFailure();
    try {
      lane.descriptor = this.#current(lane.descriptor, startedAt);
      await syncOnThread(lane.descriptor.fd);
    } catch (cause) {
      throw this.#fail(cause);
    }
    // Another one may have failed meanwhile.
    this.#refuseAfterFailure();
    this.#report(startedAt);
  }

  /** The descriptor of the log, which must still be the one that is at the path. */
  #current(known: Descriptor | undefined, at: number): Descriptor {
    if (at - this.#databaseComparedAt >= compareDatabaseEveryMs) {
      if (!sameFile(this.#database, identityOf(this.#file.path))) throw replaced(this.#file.path);
      this.#databaseComparedAt = at;
    }
    if (known === undefined) return this.#openLog(at);
    if (at - known.comparedAt < compareEveryMs) return known;
    if (!sameFile(known.identity, identityOf(this.#path))) throw replaced(this.#path);
    known.comparedAt = at;
    return known;
  }

  /** A descriptor that is needed late must not lead to what is at the path by then. */
  #openLog(at: number): Descriptor {
    const own = this.#identity();
    const opened = openLog(this.#path, at);
    if (own === undefined || sameFile(own, opened.identity)) return opened;
    closeSync(opened.fd);
    throw replaced(this.#path);
  }

  /** Of the log that SQLite has open, as far as it is known. */
  #identity(): FileIdentity | undefined {
    return this.#descriptors()[0]?.identity ?? this.#firstLog;
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== undefined) throw syncFailed(this.#file.location, this.#failure);
  }

  #fail(cause: unknown): Error {
    if (this.#failure === undefined) {
      this.#failure = cause;
      this.#file.emit?.({ type: "sync_failed", location: this.#file.location });
    }
    return syncFailed(this.#file.location, cause);
  }

  #report(startedAt: number): void {
    const { emit, location, settings } = this.#file;
    const durationMs = settings.clock() - startedAt;
    this.#latestMs = durationMs;
    if (!this.#closed) emit?.({ type: "synced", location, durationMs });
  }
}

function createLane(): Lane {
  return { descriptor: undefined, running: undefined, next: undefined };
}

function openLog(path: string, comparedAt: number): Descriptor {
  // Windows syncs only what was opened for writing.
  const fd = openSync(path, "r+");
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    syncDirectory(dirname(path));
    return { fd, identity: { device: dev, inode: ino }, comparedAt };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Makes the names in a directory durable; Windows does so by itself. */
export function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function replaced(path: string): Error {
  return storageError(
    "storage.io_failed",
    `The file ${path} was removed or replaced by another program while the database was open. ` +
      "Keep other programs away from the files of an open database.",
    { details: { path } },
  );
}

function syncFailed(location: string, cause: unknown): Error {
  return storageError(
    "storage.sync_failed",
    `The device did not confirm that the last changes of ${location} are stored. They may be ` +
      "lost by a power failure. Check the disk and reopen the database.",
    { cause, txState: "unknown", details: { location, outcome: "unknown" } },
  );
}
