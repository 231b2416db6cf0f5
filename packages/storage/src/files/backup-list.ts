import { open, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  backupPathOf,
  manifestBytesMax,
  manifestPathOf,
  parseManifest,
  type BackupManifest,
} from "./backup-manifest.ts";

/** A backup in a directory. */
export interface BackupEntry {
  readonly path: string;
  /**
   * `complete`: there, as long as its manifest says. `missing`: only the manifest is
   * there. `damaged`: the manifest is torn, or the file has another size.
   */
  readonly state: "complete" | "missing" | "damaged";
  /** Undefined when it is torn. */
  readonly manifest: BackupManifest | undefined;
}

/** A manifest that was looked for: there, torn, or not there. */
export type FoundManifest = BackupManifest | "torn" | undefined;

/** The backups of a directory, the newest first; their content is not read. */
export async function listBackups(directory: string): Promise<readonly BackupEntry[]> {
  const at = resolve(directory);
  const entries: BackupEntry[] = [];
  for (const name of await readdir(at)) {
    const backup = backupPathOf(name);
    if (backup === undefined || backup === "") continue;
    const entry = await entryOf(join(at, backup));
    if (entry !== undefined) entries.push(entry);
  }
  return entries.toSorted((a, b) => createdAt(b).localeCompare(createdAt(a)));
}

/** Reads what is written beside a backup. */
export async function readManifest(backup: string): Promise<FoundManifest> {
  const path = manifestPathOf(backup);
  const size = await sizeOf(path);
  if (size === undefined) return undefined;
  if (size > manifestBytesMax) return "torn";
  const file = await open(path, "r");
  try {
    return parseManifest(await file.readFile("utf8"), backup) ?? "torn";
  } finally {
    await file.close();
  }
}

async function entryOf(path: string): Promise<BackupEntry | undefined> {
  const manifest = await readManifest(path);
  const size = await sizeOf(path);
  if (manifest === undefined) return undefined;
  if (manifest === "torn") {
    // Without a file of that name it is somebody else's JSON.
    return size === undefined ? undefined : { path, state: "damaged", manifest: undefined };
  }
  if (size === undefined) return { path, state: "missing", manifest };
  return { path, state: size === manifest.bytes ? "complete" : "damaged", manifest };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

function createdAt({ manifest }: BackupEntry): string {
  return manifest?.createdAt ?? "";
}
