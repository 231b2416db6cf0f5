import { AtlasError } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { RawRow } from "../sql-value.ts";
import { busyWaitOf, createSession, openHandle, type DataFile } from "./data-file.ts";
import type { Handle } from "./driver.ts";
import { LogSync } from "./log-sync.ts";
import type { ReaderPool } from "./reader-pool.ts";
import type { SqliteSession } from "./sqlite-session.ts";
import { translateError } from "./translate-error.ts";
import { busyError, waitWhileBusy, type Deadline } from "./wait-while-busy.ts";

/** The connection that writes, its log, and whether both may still be trusted. */
export class WriterCore {
  readonly session: SqliteSession;
  readonly #file: DataFile;
  readonly #logPath: string;
  #log: LogSync;
  #broken = false;

  constructor(file: DataFile, handle: Handle) {
    this.#file = file;
    this.session = createSession(file, handle);
    // SQLite follows links before it names the log.
    this.#logPath = `${fileOf(handle)}-wal`;
    this.#log = new LogSync(file, this.#logPath);
  }

  /** True when nothing may be committed before the file was reopened and checked. */
  get reopenRequired(): boolean {
    return this.#broken || this.#log.failed;
  }

  tryBegin(): boolean {
    this.#refuseWhenBroken();
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
  }

  rollback(): void {
    try {
      this.session.verbs.rollback();
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

  sync(): Promise<void> {
    return this.#log.sync();
  }

  syncBlocking(): void {
    this.#log.syncBlocking();
  }

  /** Closes every handle, opens the file again, checks it and empties the log. */
  async reopen(readers: ReaderPool, deadline: Deadline): Promise<void> {
    const { clock } = this.#file.settings;
    const startedAt = clock();
    this.#broken = true;
    const log = this.#log;
    await log.close();
    await inTime(readers.recycle(), deadline.at - clock(), this.#file.location);
    this.session.close();
    const wait = busyWaitOf(this.#file);
    const handle = await waitWhileBusy(wait, deadline, () => openHandle(this.#file, "writer"));
    this.session.replaceHandle(handle);
    this.#check();
    // Frames that the device dropped may still be in memory and would be read
    // as if they were stored; later commits behind them would be lost with
    // them. Copying everything into the database file ends the old log.
    await waitWhileBusy(wait, deadline, () => this.#emptyLog());
    this.#log = new LogSync(this.#file, this.#logPath);
    this.#broken = false;
    const { emit, location } = this.#file;
    emit?.({ type: "reopened", location, durationMs: clock() - startedAt });
  }

  async close(): Promise<void> {
    await this.#log.close();
    this.abandon();
    this.session.close();
  }

  #check(): void {
    if (this.#pragma("quick_check(1)") === "ok") return;
    const { location } = this.#file;
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
