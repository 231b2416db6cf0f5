import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { AtlasError, checkOptions } from "@atlas/errors";
import type { Database } from "../database.ts";
import { storageError } from "../errors.ts";
import type { FileManager } from "../file-manager.ts";
import { listBackups } from "../files/backup-list.ts";
import { diskSpace } from "../files/disk-space.ts";
import {
  checkRetention,
  pruneBackups,
  type BackupRetention,
  type PruneReport,
} from "../files/prune-backups.ts";
import type { DataFile } from "./data-file.ts";
import { loadDriver } from "./driver.ts";
import { atomicWrite } from "./files/atomic-write.ts";
import { backupDatabase } from "./files/backup.ts";
import { checkIntegrity } from "./files/check-integrity.ts";
import { exclusive } from "./files/exclusive.ts";
import { lockFile } from "./files/file-lock.ts";
import { restoreBackup, verifyBackup } from "./files/restore.ts";
import { snapshotDatabase } from "./files/snapshot.ts";
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
  /** The time of day, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
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
    now: "any",
    random: "any",
  });
  const { createId = randomUUID, now = Date.now } = options;
  const { clock = sqliteDefaults.clock, random = sqliteDefaults.random } = options;
  const host = { createId, clock, now, random };
  return Object.freeze<FileManager<OpenSqliteOptions>>({
    open: (path, given) => openSqlite(path, given),
    backup: async (database, target, given = {}) =>
      backupDatabase(host, { file: fileOf(database), target }, { ...given }),
    restore: (backup, target, given = {}) => restoreBackup(host, { backup, target }, { ...given }),
    verifyBackup,
    listBackups: (directory) => translated(directory, () => listBackups(directory)),
    pruneBackups: (directory, keep) => prune(directory, keep, now),
    snapshot: async (database, target, given = {}) =>
      snapshotDatabase(host, { file: fileOf(database), target }, { ...given }),
    checkIntegrity: async (database, given = {}) =>
      checkIntegrity(fileOf(database), { ...given }, clock),
    exclusive: (path, work, given = {}) => exclusive(host, { path, options: { ...given } }, work),
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

async function prune(
  directory: string,
  keep: BackupRetention,
  now: () => number,
): Promise<PruneReport> {
  checkRetention("pruneBackups", keep);
  const host = { now: now(), isSound };
  return translated(directory, () => pruneBackups(resolve(directory), { ...keep }, host));
}

async function isSound(path: string): Promise<boolean> {
  try {
    await verifyBackup(path);
    return true;
  } catch (error) {
    if (AtlasError.is(error) && error.code === "storage.backup_invalid") return false;
    throw error;
  }
}

async function translated<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw translateFileError(cause, path);
  }
}
