import { AtlasError } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { RawRow } from "../sql-value.ts";
import { probeFile } from "./application-mark.ts";
import { busyWaitOf, createSession, type DataFile } from "./data-file.ts";
import type { SyncLane } from "../writer.ts";
import type { Handle } from "./driver.ts";
import { CommitFeed } from "./commit-feed.ts";
import { damageOf } from "./damage-of.ts";
import { dataVersion } from "./file-state.ts";
import { identityOf, sameFile, type FileIdentity } from "./file-identity.ts";
import { LogSync } from "./log-sync.ts";
import { openWriter } from "./open-writer.ts";
import { RowFollower } from "./query-cache/row-follower.ts";
import { rowLookup } from "./query-cache/row-lookup.ts";
import type { SqliteSession } from "./sqlite-session.ts";
import { tableAccess } from "./table-access.ts";
import { translateError } from "./translate-error.ts";
import { busyError, waitWhileBusy, type Deadline } from "./wait-while-busy.ts";

/** A lone write is synced on its own thread when the sync before took less, in milliseconds. */
const blockingSyncMaxMs = 2;

/** The connection that writes, its log, and whether both may still be trusted. */
export class WriterCore {
  readonly session: SqliteSession;
  readonly #file: DataFile;
  readonly logPath: string;
  readonly feed: CommitFeed;
  /** True while writers wait for the log to be cut back, as they would for another process. */
  holdsWriters: () => boolean = () => false;
  readonly #rows = new RowFollower();
  #log: LogSync;
  #broken = false;
  #identity: FileIdentity | undefined;
  #generation = 0;
  #pageBytes: number | undefined;

  constructor(file: DataFile, handle: Handle) {
    this.#file = file;
    this.#identity = identityOf(file.path);
    this.session = createSession(file, handle);
    this.feed = new CommitFeed({
      tablesRead: (sql) => tableAccess(this.session.handle, sql).reads,
      foreignVersion: () => this.#foreignVersion(),
      followRows: (table, columns) => this.#rows.follow(table, columns),
      rowLookup: (sql) => rowLookup(this.session.handle, sql),
      schemaChanged: () => this.session.schemaChanged(),
      schemaIsCommitted: () => !this.session.verbs.inTransaction,
    });
    // SQLite follows links before it names the log.
    this.logPath = `${fileOf(handle)}-wal`;
    this.#log = new LogSync(file, this.logPath);
  }

  /** True when nothing may be committed before the file was reopened and checked. */
  get reopenRequired(): boolean {
    return this.#broken || this.#log.failed;
  }

  /** Fixed when the file was made. */
  get pageBytes(): number {
    this.#pageBytes ??= Number(this.#pragma("page_size"));
    return this.#pageBytes;
  }

  tryBegin(): boolean {
    this.#refuseWhenBroken();
    if (this.holdsWriters()) return false;
    this.#rows.install(this.session.handle);
    this.session.steps.clear();
    return this.session.verbs.tryBeginWrite();
  }

  commit(): void {
    this.#refuseWhenBroken();
    try {
      this.session.verbs.commit();
    } catch (error) {
      // Whether the last frame reached the file is not known. A full disk and
      // a broken reference leave no such doubt.
      if (AtlasError.is(error) && error.txState === "unknown") {
        this.abandon();
        this.#broken = true;
      }
      throw error;
    }
    this.session.steps.clear();
    const tables = this.session.takeChanges();
    const change = this.#rows.take(tables);
    if (change !== undefined) this.feed.publish(change);
  }

  rollback(): void {
    try {
      this.session.verbs.rollback();
      this.session.takeChanges();
      this.#rows.take(undefined);
    } catch (error) {
      // A connection that cannot even roll back is in no known state.
      this.#broken = true;
      throw error;
    }
  }

  /** Rolls back on the way out of an error, which a second one must not hide. */
  abandon(): void {
    try {
      this.rollback();
    } catch {
      // The connection is marked: it is reopened before it is used again.
    }
  }

  async sync(lane?: SyncLane): Promise<void> {
    try {
      await this.#log.sync(lane);
    } catch (error) {
      this.#protectReplacement();
      throw error;
    }
  }

  /** The same, on this thread when the device was quick lately: a thread costs as much again. */
  syncAlone(): Promise<void> | undefined {
    if (this.#log.latestMs > blockingSyncMaxMs) return this.sync();
    this.syncBlocking();
    return undefined;
  }

  syncBlocking(): void {
    try {
      this.#log.syncBlocking();
    } catch (error) {
      this.#protectReplacement();
      throw error;
    }
  }

  /** True when the file at the path is not the one that is open. */
  get replaced(): boolean {
    return !sameFile(this.#identity, identityOf(this.#file.path));
  }

  /** Nothing is committed any more before the file was reopened and checked. */
  distrust(): void {
    this.#broken = true;
  }

  /** Closes every handle, opens the file again, checks it and empties the log. */
  async reopen(readers: Recyclable, deadline: Deadline): Promise<void> {
    const { clock } = this.#file.settings;
    const startedAt = clock();
    this.#broken = true;
    // The handles that are open still read what has no name any more.
    if (identityOf(this.#file.path) === undefined) throw removed(this.#file.location);
    const log = this.#log;
    this.#protectReplacement();
    await log.close();
    await inTime(readers.recycle(), deadline.at - clock(), this.#file.location);
    this.session.close();
    const wait = busyWaitOf(this.#file);
    await probeFile(this.#file, deadline);
    const handle = await waitWhileBusy(wait, deadline, () => openWriter(this.#file));
    this.session.replaceHandle(handle);
    this.#identity = identityOf(this.#file.path);
    this.#check();
    // Frames that the device dropped may still be in memory and would be read
    // as if they were stored; later commits behind them would be lost with
    // them. Copying everything into the database file ends the old log.
    await waitWhileBusy(wait, deadline, () => this.#emptyLog());
    this.#log = new LogSync(this.#file, this.logPath);
    this.#broken = false;
    this.#generation += 1;
    // What was read before may have been lost by the device.
    this.feed.publish({ tables: "all" });
    const { emit, location } = this.#file;
    emit?.({ type: "reopened", location, durationMs: clock() - startedAt });
  }

  /**
   * A log stays where it is when its database is moved away. Beside another
   * database it would be applied to that one by whoever opens it next.
   */
  #protectReplacement(): void {
    const there = identityOf(this.#file.path);
    if (there === undefined || sameFile(there, this.#identity)) return;
    const { emit, location, settings } = this.#file;
    const time = new Date(settings.now()).toISOString().replaceAll(/[:.]/g, "-");
    const kept = this.#log.setAside(`replaced-${time}`);
    if (kept !== undefined) emit?.({ type: "log_set_aside", location, path: kept });
  }

  async close(): Promise<void> {
    this.#protectReplacement();
    await this.#log.close();
    this.abandon();
    this.session.close();
  }

  // `data_version` counts what others commit, and nothing of this connection.
  #foreignVersion(): number {
    return this.#generation * 2 ** 32 + dataVersion(this.session.handle, this.#file.location);
  }

  #check(): void {
    const { location } = this.#file;
    try {
      // An index that contradicts its data is found by whoever uses it, and made again.
      if (damageOf(this.session.handle) !== "file") return;
    } catch (cause) {
      throw translateError(cause, { during: "open", location });
    }
    throw storageError(
      "storage.corrupt",
      `The database ${location} is damaged. Keep a copy of its files and restore a backup.`,
      { details: { location } },
    );
  }

  #emptyLog(): void {
    // The first column says whether somebody stood in the way.
    if (this.#pragma("wal_checkpoint(truncate)") !== 0) throw busyError(this.#file.location);
  }

  #pragma(text: string): unknown {
    try {
      return this.session.handle.pragma(text, { simple: true });
    } catch (cause) {
      throw translateError(cause, { during: "open", location: this.#file.location });
    }
  }

  #refuseWhenBroken(): void {
    if (!this.reopenRequired) return;
    const { location } = this.#file;
    throw storageError(
      "storage.reopen_required",
      `The database ${location} takes no changes until it was reopened and checked, ` +
        "because the device did not confirm an earlier one.",
      { txState: this.session.verbs.inTransaction ? "active" : "none", details: { location } },
    );
  }
}

/** Whatever has handles of its own on the file. */
export interface Recyclable {
  /** Closes them; resolves when they are closed. */
  recycle(): Promise<void>;
}

function removed(location: string): Error {
  return storageError(
    "storage.file_not_found",
    `The database ${location} was removed while it was open. What it held can still be read and ` +
      "backed up until this process ends; put a file back to write again.",
    { txState: "none", details: { location } },
  );
}

function fileOf(handle: Handle): string {
  const rows = handle.prepare("pragma database_list").all() as readonly RawRow[];
  return String(rows.find(({ name }) => name === "main")?.["file"]);
}

async function inTime(work: Promise<void>, timeoutMs: number, location: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = storageError(
      "storage.busy",
      `Reads of ${location} did not end in time, so it could not be reopened. Try again.`,
      { txState: "none", details: { location } },
    );
    timer = setTimeout(() => reject(error), Math.max(0, timeoutMs));
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
