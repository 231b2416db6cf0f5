import { statSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { BackupOptions, BackupReport } from "../../file-manager.ts";
import {
  formatManifest,
  manifestPathOf,
  type BackupManifest,
} from "../../files/backup-manifest.ts";
import { syncDirectory } from "../log-sync.ts";
import { translateError } from "../translate-error.ts";
import { translateFileError } from "../translate-file-error.ts";
import type { DataFile } from "../data-file.ts";
import { atomicWrite, temporaryBeside } from "./atomic-write.ts";
import type { BackupOutcome } from "./backup-task.ts";
import { removeCopy } from "./remove-copy.ts";
import { runFileTask } from "./run-file-task.ts";

/** What making copies needs from its surroundings. */
export interface CopyHost {
  readonly createId: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

/** Which database is copied, and where to. */
export interface CopyOrder {
  readonly file: DataFile;
  readonly target: string;
}

/** Default of {@link BackupOptions}: about a millisecond per slice. */
const backupPagesPerStep = 256;

/** Default of {@link BackupOptions}: what zstd itself takes. */
const backupCompressionLevel = 3;

/** Copies one state of the database to `target`, verifies what is stored and puts it in place. */
export async function backupDatabase(
  host: CopyHost,
  { file, target }: CopyOrder,
  options: BackupOptions,
): Promise<BackupReport> {
  checkBackup(options);
  const startedAt = host.clock();
  const createdAt = new Date(host.now()).toISOString();
  const path = resolve(target);
  refuseTarget(file, path, options.overwrite === true);
  const copy = temporaryBeside(path, host.createId());
  const { compression = "none" } = options;
  const packed = compression === "none" ? undefined : `${copy}.zst`;
  try {
    const outcome = await runCopy(file, { path, copy, packed }, options);
    refuseDifference(path, outcome);
    const manifest: BackupManifest = {
      format: "atlas-backup",
      formatVersion: 1,
      database: basename(file.path),
      file: basename(path),
      compression,
      ...digestsOf(outcome),
      rows: outcome.rows,
      schema: outcome.schema,
      applicationId: outcome.applicationId,
      createdAt,
      durationMs: Math.round(host.clock() - startedAt),
    };
    await place({ stored: packed ?? copy, path, manifest, id: host.createId() }, file, options);
    const durationMs = host.clock() - startedAt;
    return { path, bytes: manifest.bytes, rows: manifest.rows, durationMs, manifest };
  } catch (cause) {
    await removeCopy(copy);
    if (packed !== undefined) await rm(packed, { force: true });
    throw translateFileError(cause, path);
  }
}

function checkBackup(options: BackupOptions): void {
  checkOptions<BackupOptions>("backup", options, {
    pagesPerStep: { min: 1, max: 100_000 },
    overwrite: "any",
    compression: ["none", "zstd"],
    compressionLevel: { min: 1, max: 19 },
    onProgress: "any",
    signal: "any",
  });
}

/** @throws {AtlasError} storage.file_exists, storage.invalid_path, storage.file_not_found */
export function refuseTarget(file: DataFile, path: string, overwrite: boolean): void {
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw storageError(
      "storage.file_not_found",
      `The directory ${dirname(path)} does not exist. Create it, or choose another path.`,
      { details: { path: dirname(path) } },
    );
  }
  const there = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (there === undefined) return;
  const own = statSync(file.path, { throwIfNoEntry: false, bigint: true });
  if (own?.dev === there.dev && own.ino === there.ino) {
    throw storageError(
      "storage.invalid_path",
      `${path} is the database itself. Name another file for the copy.`,
      { details: { path } },
    );
  }
  if (!overwrite) throw exists(path);
}

async function runCopy(
  file: DataFile,
  target: { readonly path: string; readonly copy: string; readonly packed: string | undefined },
  options: BackupOptions,
): Promise<BackupOutcome> {
  const { pagesPerStep = backupPagesPerStep, signal, onProgress } = options;
  const input = {
    database: file.path,
    copy: target.copy,
    packed: target.packed,
    pagesPerStep,
    level: options.compressionLevel ?? backupCompressionLevel,
    busyTimeoutMs: file.settings.acquireTimeoutMs,
  };
  try {
    return await runFileTask("backup", input, { signal, onProgress });
  } catch (cause) {
    throw taskError(cause, `${file.location}, or its copy ${target.path},`);
  }
}

/** An error of a thread: SQLite's, or the file system's, which is translated where the path is known. */
export function taskError(cause: unknown, location: string): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code.startsWith("SQLITE_")
    ? translateError(cause, { during: "commit", location, txState: "none" })
    : cause;
}

function refuseDifference(path: string, { problems, different }: BackupOutcome): void {
  if (problems.length === 0 && different.length === 0) return;
  throw storageError(
    "storage.backup_invalid",
    `The copy for ${path} does not hold what the database held, and was removed. ` +
      "Check the disk and try again.",
    { details: { path, problems, tables: different } },
  );
}

/** The stored file first, then its manifest: without one it does not count as a backup. */
async function place(
  given: {
    readonly stored: string;
    readonly path: string;
    readonly manifest: BackupManifest;
    readonly id: string;
  },
  file: DataFile,
  options: BackupOptions,
): Promise<void> {
  const { stored, path, manifest, id } = given;
  const mode = statSync(file.path, { throwIfNoEntry: false })?.mode ?? 0o600;
  await chmod(stored, mode & 0o666);
  // Between the first look and now somebody may have put a file there.
  refuseTarget(file, path, options.overwrite === true);
  // The manifest of the backup that is replaced must never stand beside the new one.
  await rm(manifestPathOf(path), { force: true });
  syncDirectory(dirname(path));
  await rename(stored, path);
  syncDirectory(dirname(path));
  await atomicWrite(manifestPathOf(path), formatManifest(manifest), { mode: mode & 0o666, id });
}

function digestsOf(
  outcome: BackupOutcome,
): Pick<BackupManifest, "bytes" | "sha256" | "contentBytes" | "contentSha256"> {
  const { bytes, sha256, contentBytes, contentSha256 } = outcome;
  return { bytes, sha256, contentBytes, contentSha256 };
}

function exists(path: string): Error {
  return storageError(
    "storage.file_exists",
    `${path} exists already. Choose another name, or set overwrite to replace it.`,
    { details: { path } },
  );
}
