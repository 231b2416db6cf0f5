/**
 * Copies a live database with SQLite's backup interface.
 *
 * The copy is made from a connection of its own that holds one snapshot from
 * beginning to end. Without the snapshot every commit of anybody else makes
 * SQLite start again from the first page, and under steady writing a backup
 * never ends; the writer's own connection is spared that only for its own
 * commits. The price is that the log cannot be reset while the copy is made.
 */
import { existsSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { BackupOptions, BackupReport } from "../file-manager.ts";
import { temporaryBeside } from "./atomic-write.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { busyWaitOf, openReader, type DataFile } from "./data-file.ts";
import type { Handle } from "./driver.ts";
import { syncDirectory } from "./log-sync.ts";
import { translateError } from "./translate-error.ts";
import { translateFileError } from "./translate-file-error.ts";
import { countRows, type CopyFindings } from "./verify-copy.ts";
import { waitWhileBusy } from "./wait-while-busy.ts";

/** Default of {@link BackupOptions}: about a millisecond per slice. */
const backupPagesPerStep = 256;

/** Copies one state of a database to `target`, verifies the copy and puts it in place. */
export async function backupDatabase(
  file: DataFile,
  target: string,
  options: BackupOptions & { readonly id: string },
): Promise<BackupReport> {
  const { id, ...given } = options;
  checkBackup(given);
  const startedAt = file.settings.clock();
  const path = resolve(target);
  if (options.overwrite !== true && existsSync(path)) throw exists(path);
  const temporary = temporaryBeside(path, id);
  try {
    const before = await copySnapshot(file, temporary, given);
    const after = await verifyOnThread(temporary);
    refuseDifference(path, before, after);
    await syncFile(temporary);
    // Between the first look and now somebody may have put a file there.
    if (options.overwrite !== true && existsSync(path)) throw exists(path);
    await rename(temporary, path);
    syncDirectory(dirname(path));
    const { size } = await stat(path);
    const durationMs = file.settings.clock() - startedAt;
    return { path, bytes: size, rows: after.rows, durationMs };
  } catch (cause) {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) {
      await rm(`${temporary}${suffix}`, { force: true });
    }
    throw translateFileError(cause, path);
  }
}

function checkBackup(options: BackupOptions): void {
  checkOptions<BackupOptions>("backup", options, {
    pagesPerStep: { min: 1, max: 100_000 },
    overwrite: "any",
    onProgress: "any",
    signal: "any",
  });
}

/** Copies one state of the database and counts the rows it had. */
async function copySnapshot(
  file: DataFile,
  temporary: string,
  options: BackupOptions,
): Promise<Readonly<Record<string, number>>> {
  const { clock, acquireTimeoutMs } = file.settings;
  const deadline = { at: clock() + acquireTimeoutMs, signal: options.signal };
  const session = await openReader(file, deadline);
  try {
    await waitWhileBusy(busyWaitOf(file), deadline, () => session.verbs.beginRead());
    const rows = countRows(session.handle);
    await copyPages(session.handle, temporary, options);
    return rows;
  } catch (cause) {
    throw translateError(cause, { during: "commit", location: file.location });
  } finally {
    session.close();
  }
}

async function copyPages(handle: Handle, temporary: string, options: BackupOptions): Promise<void> {
  const { pagesPerStep = backupPagesPerStep, onProgress, signal } = options;
  await handle.backup(temporary, {
    progress: ({ totalPages, remainingPages }) => {
      throwIfCancelled(signal);
      onProgress?.({ pagesDone: totalPages - remainingPages, pagesTotal: totalPages });
      return pagesPerStep;
    },
  });
}

async function verifyOnThread(path: string): Promise<CopyFindings> {
  // The file beside this one: as source here, as JavaScript in the built package.
  const url = import.meta.url.endsWith(".ts")
    ? new URL("./verify-copy-worker.ts", import.meta.url)
    : new URL("./verify-copy-worker.js", import.meta.url);
  const worker = new Worker(url, { workerData: { path } });
  return new Promise((done, failed) => {
    worker.once("message", done);
    worker.once("error", failed);
    worker.once("exit", () => failed(new Error("The thread that verifies a backup ended early.")));
  });
}

function refuseDifference(
  path: string,
  before: Readonly<Record<string, number>>,
  { problems, rows }: CopyFindings,
): void {
  const names = new Set([...Object.keys(before), ...Object.keys(rows)]);
  const different = [...names].filter((name) => before[name] !== rows[name]);
  if (problems.length === 0 && different.length === 0) return;
  throw storageError(
    "storage.backup_invalid",
    `The copy for ${path} does not hold what the database held, and was removed. ` +
      "Check the disk and try again.",
    { details: { path, problems, tables: different } },
  );
}

/** SQLite has closed the copy, so a descriptor of our own harms nobody's locks. */
async function syncFile(path: string): Promise<void> {
  const copy = await open(path, "r+");
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
}

function exists(path: string): Error {
  return storageError(
    "storage.file_exists",
    `${path} exists already. Choose another name, or set overwrite to replace it.`,
    { details: { path } },
  );
}
