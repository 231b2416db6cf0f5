import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Database } from "../database.ts";
import { storageError } from "../errors.ts";
import { claimFile, probeFile } from "./application-mark.ts";
import { busyWaitOf, configure, emitterOf, openRaw, type DataFile } from "./data-file.ts";
import { checkSqliteVersion, loadDriver, type Handle } from "./driver.ts";
import { syncDirectory } from "./log-sync.ts";
import { refuseNetworkFileSystem } from "./network-file-system.ts";
import { rememberFile } from "./open-files.ts";
import { settingsOf, type OpenSqliteOptions } from "./open-options.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { translateError } from "./translate-error.ts";
import { translateFileError } from "./translate-file-error.ts";
import { busyError, waitWhileBusy, type Deadline } from "./wait-while-busy.ts";
import { WriterCore } from "./writer-core.ts";

/**
 * Opens the SQLite file at `path`, or makes it; its directory must exist.
 *
 * Opening is verifying: every setting is read back, the version of SQLite is
 * checked, and a file of another program is refused without being touched.
 * Several processes may open one new file at the same moment.
 *
 * @throws {AtlasError} storage.foreign_file, storage.not_a_database, storage.invalid_path,
 * storage.network_file_system, storage.file_not_found when the directory is missing,
 * storage.permission_denied, storage.cannot_open, storage.readonly, storage.busy
 */
export async function openSqlite(path: string, options: OpenSqliteOptions = {}): Promise<Database> {
  const settings = settingsOf(options);
  const startedAt = settings.clock();
  const deadline: Deadline = { at: startedAt + settings.writeTimeoutMs };
  const driver = await loadDriver();
  const file: DataFile = {
    driver,
    location: path,
    path: checkedPath(path),
    settings,
    emit: emitterOf(settings.onEvent),
  };
  await probeFile(file, deadline);
  const wait = busyWaitOf(file);
  const handle = await waitWhileBusy(wait, deadline, () => openWriter(file));
  const core = new WriterCore(file, handle);
  const database = new SqliteDatabase(file, core);
  rememberFile(database, file);
  try {
    // Opens the first reader, so that a file that cannot be read fails here.
    await database.read(() => undefined);
  } catch (error) {
    await database.close();
    throw error;
  }
  file.emit?.({ type: "opened", location: path, durationMs: settings.clock() - startedAt });
  return database;
}

function checkedPath(path: string): string {
  // The driver gives these a meaning of their own, or would cut them.
  if (path === "" || path === ":memory:" || path.includes("\0") || path.trim() !== path) {
    throw storageError(
      "storage.invalid_path",
      "A database is opened by the path of a file, without spaces around it. Databases in memory " +
        "are not supported, because its readers need connections of their own.",
      { details: { path } },
    );
  }
  const absolute = resolve(path);
  const directory = dirname(absolute);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw storageError(
      "storage.file_not_found",
      `The directory ${directory} does not exist. Create it, or choose another path.`,
      { details: { path: directory } },
    );
  }
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw storageError(
      "storage.invalid_path",
      `${absolute} is a directory. Name the file inside it.`,
      { details: { path: absolute } },
    );
  }
  refuseNetworkFileSystem(directory);
  refuseReadOnly(directory);
  if (existsSync(absolute)) refuseReadOnly(absolute);
  return absolute;
}

/** SQLite would open such a file for reading only, and fail at the first write. */
function refuseReadOnly(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw translateFileError(cause, path);
  }
}

/** The handle that writes; brings a new file into the form it has from then on. */
function openWriter(file: DataFile): Handle {
  const handle = openRaw(file, "writer");
  try {
    checkSqliteVersion(String(handle.prepare("select sqlite_version()").pluck().get()));
    if (journalMode(handle) !== "wal") switchToLog(file, handle);
    claimFile(file, handle);
    return configure(file, handle, "writer");
  } catch (cause) {
    handle.close();
    throw translateError(cause, { during: "open", location: file.location });
  }
}

function journalMode(handle: Handle): string {
  return String(handle.pragma("journal_mode", { simple: true }));
}

function switchToLog(file: DataFile, handle: Handle): void {
  // FULL for this one change: SQLite then syncs the new file itself.
  handle.pragma("synchronous = full");
  if (String(handle.pragma("journal_mode = wal", { simple: true })) !== "wal") {
    throw busyError(file.location);
  }
  syncDirectory(dirname(file.path));
}
