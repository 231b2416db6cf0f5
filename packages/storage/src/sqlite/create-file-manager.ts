import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { checkOptions } from "@atlas/errors";
import type { Database } from "../database.ts";
import { storageError } from "../errors.ts";
import type { DiskSpace, FileManager } from "../file-manager.ts";
import { atomicWrite } from "./atomic-write.ts";
import { backupDatabase } from "./backup.ts";
import { loadDriver } from "./driver.ts";
import { lockFile } from "./file-lock.ts";
import type { DataFile } from "./data-file.ts";
import { dataFileOf } from "./open-files.ts";
import { sqliteDefaults, type OpenSqliteOptions } from "./open-options.ts";
import { openSqlite } from "./open-sqlite.ts";
import { translateFileError } from "./translate-file-error.ts";

/** What a file manager takes from outside. */
export interface FileManagerOptions {
  /** Makes the names of temporary files. Default: `randomUUID`. */
  readonly createId?: () => string;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Makes a file manager for SQLite files. It holds nothing that has to be closed. */
export function createFileManager(
  options: FileManagerOptions = {},
): FileManager<OpenSqliteOptions> {
  checkOptions<FileManagerOptions>("createFileManager", options, {
    createId: "any",
    clock: "any",
    random: "any",
  });
  const { createId = randomUUID } = options;
  const { clock = sqliteDefaults.clock, random = sqliteDefaults.random } = options;
  return Object.freeze<FileManager<OpenSqliteOptions>>({
    open: (path, given) => openSqlite(path, given),
    backup: async (database, target, given = {}) =>
      backupDatabase(fileOf(database), target, { ...given, id: createId() }),
    atomicWrite: (path, data, given = {}) => atomicWrite(path, data, { ...given, id: createId() }),
    diskSpace,
    lock: async (path, given = {}) =>
      lockFile({ driver: await loadDriver(), clock, random }, path, given),
  });
}

function fileOf(database: Database): DataFile {
  const file = dataFileOf(database);
  if (file !== undefined) return file;
  throw storageError(
    "storage.cannot_open",
    `The database ${database.location} was not opened by openSqlite, so its file is not known.`,
  );
}

async function diskSpace(path: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (cause) {
    throw translateFileError(cause, path);
  }
}
