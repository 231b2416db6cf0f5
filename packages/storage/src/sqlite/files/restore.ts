import { existsSync, statSync } from "node:fs";
import { chmod, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import { readManifest } from "../../files/backup-list.ts";
import type { BackupManifest } from "../../files/backup-manifest.ts";
import type { RestoreOptions, RestoreReport } from "../../files/restore.ts";
import { throwIfCancelled } from "../cancelled.ts";
import { loadDriver } from "../driver.ts";
import { refuseNetworkFileSystem } from "../network-file-system.ts";
import { waitRange } from "../open-options.ts";
import { translateFileError } from "../translate-file-error.ts";
import { temporaryBeside } from "./atomic-write.ts";
import { taskError, type CopyHost } from "./backup.ts";
import type { HoldHost } from "./exclusive.ts";
import { holdTimeoutMs, refuseOwn } from "./hold-file.ts";
import type { Digests, StoredFile } from "./pack-file.ts";
import { removeCopy } from "./remove-copy.ts";
import { replaceFile } from "./replace-file.ts";
import { runFileTask } from "./run-file-task.ts";
import type { UnpackOutcome } from "./unpack-task.ts";

/** A backup that was found, with what is written beside it. */
interface FoundBackup extends StoredFile {
  readonly manifest: BackupManifest | undefined;
}

/** Checks a backup, puts it at `target` and keeps the file that was there. */
export async function restoreBackup(
  host: CopyHost & HoldHost,
  { backup, target }: { readonly backup: string; readonly target: string },
  options: RestoreOptions,
): Promise<RestoreReport> {
  checkOptions<RestoreOptions>("restore", options, {
    timeoutMs: waitRange,
    applicationId: { min: 1, max: 0x7fff_ffff },
    signal: "any",
  });
  const { signal, timeoutMs = holdTimeoutMs } = options;
  const startedAt = host.clock();
  const path = resolve(target);
  const copy = temporaryBeside(path, host.createId());
  try {
    const found = await findBackup(resolve(backup));
    refuseSame(found.path, path);
    refuseNetworkFileSystem(dirname(path));
    const file = { driver: await loadDriver(), path, location: target };
    // Before the long part; it is asked again when the file is replaced.
    refuseOwn(file);
    const outcome = await unpack(found, copy, signal);
    refuseForeign(found, outcome, options.applicationId);
    await chmod(copy, modeFor(path, found.path));
    throwIfCancelled(signal);
    const stamp = new Date(host.now()).toISOString().replaceAll(/[-:.]/g, "");
    const deadline = { at: host.clock() + timeoutMs, signal };
    const replaced = await replaceFile(host, { ...file, copy, stamp }, deadline);
    return {
      path,
      bytes: outcome.contentBytes,
      rows: outcome.rows,
      replaced,
      manifest: found.manifest,
      durationMs: host.clock() - startedAt,
    };
  } catch (cause) {
    await removeCopy(copy);
    throw translateFileError(taskError(cause, target), path);
  }
}

/**
 * Reads a backup from beginning to end against its manifest.
 *
 * @throws {AtlasError} storage.backup_invalid
 */
export async function verifyBackup(backup: string): Promise<BackupManifest> {
  const path = resolve(backup);
  try {
    const found = await findBackup(path);
    if (found.manifest === undefined) throw invalid(path, "it has no manifest to check it against");
    const bytesMax = found.manifest.contentBytes;
    const digests = await runFileTask("verifyStored", { source: storedOf(found), bytesMax });
    refuseOtherBytes(path, digests, found.manifest);
    return found.manifest;
  } catch (cause) {
    throw translateFileError(unpackError(cause, path), path);
  }
}

async function findBackup(path: string): Promise<FoundBackup> {
  try {
    return await lookAt(path);
  } catch (cause) {
    throw translateFileError(cause, path);
  }
}

async function lookAt(path: string): Promise<FoundBackup> {
  // Nothing that SQLite has open may be opened here: closing it would drop the locks.
  if (existsSync(`${path}-wal`)) {
    throw invalid(path, "a log stands beside it, so it is a database in use and no backup");
  }
  const manifest = await readManifest(path);
  if (manifest === "torn") throw invalid(path, "its manifest is damaged");
  const { size } = await stat(path);
  if (manifest === undefined) return { path, manifest, compression: await compressionOf(path) };
  if (size !== manifest.bytes) {
    throw invalid(path, `it has ${size} bytes, and its manifest says ${manifest.bytes}`);
  }
  return { path, manifest, compression: manifest.compression };
}

/** Tells what a file without a manifest is by its first bytes; an empty one is neither. */
async function compressionOf(path: string): Promise<StoredFile["compression"]> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    const head = buffer.subarray(0, bytesRead);
    if (head.toString("latin1") === "SQLite format 3\0") return "none";
    if (head.subarray(0, 4).toString("hex") === "28b52ffd") return "zstd";
  } finally {
    await file.close();
  }
  throw invalid(path, "it is neither a SQLite file nor one packed with zstd");
}

async function unpack(
  found: FoundBackup,
  copy: string,
  signal: AbortSignal | undefined,
): Promise<UnpackOutcome> {
  const { path, manifest } = found;
  const bytesMax = manifest?.contentBytes ?? Number.MAX_SAFE_INTEGER;
  let outcome: UnpackOutcome;
  try {
    outcome = await runFileTask("unpack", { source: storedOf(found), copy, bytesMax }, { signal });
  } catch (cause) {
    throw unpackError(cause, path);
  }
  if (outcome.problems.length > 0) throw invalid(path, "its content is damaged", outcome);
  if (manifest === undefined) return outcome;
  refuseOtherBytes(path, outcome, manifest);
  const names = new Set([...Object.keys(manifest.rows), ...Object.keys(outcome.rows)]);
  const different = [...names].filter((name) => manifest.rows[name] !== outcome.rows[name]);
  if (different.length === 0) return outcome;
  throw invalid(path, `tables have other numbers of rows than the manifest says`);
}

function storedOf({ path, compression }: FoundBackup): StoredFile {
  return { path, compression };
}

function refuseOtherBytes(path: string, digests: Digests, manifest: BackupManifest): void {
  const { bytes, sha256, contentBytes, contentSha256 } = manifest;
  const same =
    digests.bytes === bytes &&
    digests.sha256 === sha256 &&
    digests.contentBytes === contentBytes &&
    digests.contentSha256 === contentSha256;
  if (!same) throw invalid(path, "its bytes are not those that were stored");
}

function refuseForeign(
  { path }: FoundBackup,
  { applicationId }: UnpackOutcome,
  expected: number | undefined,
): void {
  if (expected === undefined || applicationId === expected) return;
  throw storageError(
    "storage.foreign_file",
    `${path} is a backup of another program and was not restored. Choose another one.`,
    { details: { path, applicationId, expected } },
  );
}

function refuseSame(backup: string, target: string): void {
  const [a, b] = [backup, target].map((path) =>
    statSync(path, { throwIfNoEntry: false, bigint: true }),
  );
  if (a === undefined || b === undefined || a.dev !== b.dev || a.ino !== b.ino) return;
  throw storageError(
    "storage.invalid_path",
    `${target} is the backup itself. Restore it to another path.`,
    { details: { path: target } },
  );
}

function modeFor(path: string, backup: string): number {
  const { mode } = statSync(path, { throwIfNoEntry: false }) ?? statSync(backup);
  return mode & 0o666;
}

/** What zstd and SQLite say of a damaged backup, in one code. */
function unpackError(cause: unknown, path: string): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const damaged =
    code.startsWith("ZSTD_") || code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE";
  if (damaged) return invalid(path, "it cannot be unpacked", { cause });
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") {
    return invalid(path, "its content is damaged", { cause });
  }
  return cause;
}

function invalid(
  path: string,
  why: string,
  { cause, problems }: { readonly cause?: unknown; readonly problems?: readonly string[] } = {},
): Error {
  return storageError(
    "storage.backup_invalid",
    `The backup ${path} was not used because ${why}. Choose another one.`,
    { cause, details: { path, ...(problems === undefined ? {} : { problems }) } },
  );
}
