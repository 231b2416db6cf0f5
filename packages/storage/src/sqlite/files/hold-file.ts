/**
 * Having a database file to oneself, by the lock that SQLite itself respects.
 *
 * A connection to a database with a log holds a shared lock on the file for as
 * long as it is open. An exclusive lock is therefore refused while anybody has
 * the file open, and while it is held nobody can open it: no program with any
 * SQLite needs to know of it. The operating system drops it with the process.
 */
import { AtlasError } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { Driver, Handle } from "../driver.ts";
import { isBusy, translateError } from "../translate-error.ts";
import { busyError, waitWhileBusy, type BusyWait, type Deadline } from "../wait-while-busy.ts";
import { holdersOf } from "./file-holders.ts";

/** A file that somebody wants for himself. */
export interface HeldFile {
  readonly driver: Driver;
  readonly path: string;
  /** As the user named it. */
  readonly location: string;
}

/** Default of how long others may take to close the file, in milliseconds. */
export const holdTimeoutMs = 5_000;

/**
 * Waits for others to close the file; `work` is given a way to repeat what
 * meets them.
 *
 * @throws {AtlasError} storage.file_busy at the deadline.
 */
export async function whenAlone<T>(
  host: Omit<BusyWait, "location" | "emit"> & { readonly file: HeldFile },
  deadline: Deadline,
  work: (repeat: <R>(attempt: () => R) => Promise<R>) => Promise<T>,
): Promise<T> {
  const { file, clock, random } = host;
  const wait = { location: file.location, clock, random, emit: undefined };
  try {
    return await work((attempt) => waitWhileBusy(wait, deadline, attempt));
  } catch (error) {
    throw AtlasError.is(error) && error.code === "storage.busy" ? inUse(file, error) : error;
  }
}

/**
 * Nobody but the caller could close a database of this process, and he waits.
 *
 * @throws {AtlasError} storage.file_busy
 */
export function refuseOwn(file: HeldFile): void {
  if (holdersOf(file.path).includes(process.pid)) throw inUse(file);
}

/**
 * A handle that nobody can open or read the file beside. Throws storage.busy
 * when somebody has it open.
 */
export function tryHold({ driver, path, location }: HeldFile): Handle {
  const handle = new driver(path, { timeout: 0, fileMustExist: true });
  try {
    // Before the first access, so that the log is opened under the exclusive lock as well.
    handle.pragma("locking_mode = exclusive");
    handle.exec("begin exclusive");
    handle.exec("commit");
    return handle;
  } catch (cause) {
    handle.close();
    throw isBusy(cause)
      ? busyError(location, cause)
      : translateError(cause, { during: "open", location });
  }
}

/**
 * The same with the log copied into the file and removed, and the file in the
 * form without one. So the file is complete by itself, and whoever opened it a
 * moment before it is replaced must write to it first, which SQLite refuses on
 * a file that is no longer at its path.
 *
 * The lock is let go for a moment between, because a handle in exclusive mode
 * would later remove a journal of that name that is not its own.
 */
export function tryHoldAsOneFile(file: HeldFile): Handle {
  const handle = tryHold(file);
  try {
    if (handle.pragma("journal_mode = delete", { simple: true }) !== "delete") {
      throw busyError(file.location);
    }
    handle.pragma("locking_mode = normal");
    handle.prepare("select 1 from sqlite_schema limit 1").all();
    handle.exec("begin exclusive");
    return handle;
  } catch (cause) {
    handle.close();
    throw isBusy(cause)
      ? busyError(file.location, cause)
      : translateError(cause, { during: "open", location: file.location });
  }
}

function inUse({ path, location }: HeldFile, cause?: unknown): AtlasError {
  const processes = holdersOf(path);
  const who = processes.includes(process.pid)
    ? "this process"
    : processes.length > 0
      ? `process ${processes.join(", ")}`
      : "another process";
  return storageError(
    "storage.file_busy",
    `The database ${location} is open in ${who}. Close it there, then try again.`,
    { cause, txState: "none", details: { path, processes } },
  );
}
