/**
 * Everything that is fixed for one open file: where it is, with which driver it
 * is opened and how, and who is told.
 *
 * This process never opens the database file other than through SQLite: closing
 * any descriptor of a file drops all of the process's POSIX locks on it, and
 * with them the ones SQLite relies on.
 */
import type { StorageEvent } from "../events.ts";
import type { Driver, Handle } from "./driver.ts";
import type { SqliteSettings } from "./open-options.ts";
import { applyPragmas } from "./pragmas.ts";
import { SqliteSession, type SessionOptions, type StatementWatch } from "./sqlite-session.ts";
import { translateError } from "./translate-error.ts";
import { waitWhileBusy, type BusyWait, type Deadline } from "./wait-while-busy.ts";

/** The fixed facts of one open file. */
export interface DataFile {
  readonly driver: Driver;
  /** As the user named it. For messages and events. */
  readonly location: string;
  /** Absolute. */
  readonly path: string;
  readonly settings: SqliteSettings;
  /** Page cache of each connection in KiB, once it was changed. */
  cacheSizeKib?: number;
  /** Absent when nobody listens. */
  readonly emit: ((event: StorageEvent) => void) | undefined;
}

/** What waiting for other processes needs. */
export function busyWaitOf(file: DataFile): BusyWait {
  const { clock, random } = file.settings;
  return { location: file.location, clock, random, emit: file.emit };
}

/** Page cache of each connection in KiB. */
export function cacheSizeOf(file: DataFile): number {
  return file.cacheSizeKib ?? file.settings.cacheSizeKib;
}

/** A handle with every setting applied. Throws storage.busy when it has to be tried again. */
function openHandle(file: DataFile, kind: "writer" | "reader"): Handle {
  const handle = openRaw(file, kind);
  try {
    return configure(file, handle, kind);
  } catch (cause) {
    handle.close();
    throw translateError(cause, { during: "open", location: file.location });
  }
}

/** Applies every setting and reads the file once, which settings alone do not. */
export function configure(file: DataFile, handle: Handle, kind: "writer" | "reader"): Handle {
  applyPragmas(handle, kind, { ...file.settings, cacheSizeKib: cacheSizeOf(file) });
  handle.prepare("select 1 from sqlite_schema limit 1").all();
  return handle;
}

/** A handle as the driver opens it, without settings. */
export function openRaw(
  file: Pick<DataFile, "driver" | "path" | "location">,
  kind: "writer" | "reader",
): Handle {
  try {
    return new file.driver(file.path, {
      readonly: kind === "reader",
      timeout: 0,
    });
  } catch (cause) {
    throw translateError(cause, { during: "open", location: file.location });
  }
}

/** A reader on a new handle; waits for other processes. */
export async function openReader(file: DataFile, deadline: Deadline): Promise<SqliteSession> {
  const handle = await waitWhileBusy(busyWaitOf(file), deadline, () => openHandle(file, "reader"));
  return createSession(file, handle);
}

/** Puts a session around a handle. */
export function createSession(file: DataFile, handle: Handle): SqliteSession {
  return new SqliteSession(handle, sessionOptionsOf(file));
}

function sessionOptionsOf(file: DataFile): SessionOptions {
  const { emit, location } = file;
  const { statementCacheMax, queryLog, scanRowsMin } = file.settings;
  return { location, statementCacheMax, queryLog, scanRowsMin, watch: watchOf(file, emit) };
}

function watchOf(file: DataFile, emit: DataFile["emit"]): StatementWatch | undefined {
  const { location } = file;
  const { slowQueryMs, clock, queryLog, connectionMetrics } = file.settings;
  if (emit === undefined && queryLog === undefined && connectionMetrics === "counts")
    return undefined;
  const reportSlow =
    emit === undefined
      ? undefined
      : (sql: string, durationMs: number): void =>
          emit({ type: "statement_slow", location, sql, durationMs });
  return { clock, slowQueryMs, reportSlow, countBytes: connectionMetrics === "full" };
}

/** Wraps an observer so that its errors do not become errors of the database. */
export function emitterOf(
  onEvent: ((event: StorageEvent) => void) | undefined,
): ((event: StorageEvent) => void) | undefined {
  if (onEvent === undefined) return undefined;
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // An observer is told, not asked.
    }
  };
}
