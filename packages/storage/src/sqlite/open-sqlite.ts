import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { storageError } from "../errors.ts";
import { probeFile } from "./application-mark.ts";
import { busyWaitOf, emitterOf, type DataFile } from "./data-file.ts";
import { loadDriver } from "./driver.ts";
import { refuseNetworkFileSystem } from "./network-file-system.ts";
import { rememberFile } from "./open-files.ts";
import { openWriter } from "./open-writer.ts";
import { settingsOf, type OpenSqliteOptions } from "./open-options.ts";
import type { SqliteStore } from "./sqlite-store.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { translateFileError } from "./translate-file-error.ts";
import { waitWhileBusy, type Deadline } from "./wait-while-busy.ts";
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
export async function openSqlite(
  path: string,
  options: OpenSqliteOptions = {},
): Promise<SqliteStore> {
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
  database.startHealthChecks();
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
