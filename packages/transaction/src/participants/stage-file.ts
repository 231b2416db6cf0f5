import { copyFile, type FileHandle, link, mkdir, open, unlink, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { type FileOwnership, lookAt, type SeenFile } from "./file-identity.ts";
import { isMissing, lstatOrNothing } from "./file-path.ts";
import { stagedRemoved } from "./file-refusals.ts";

/** Writes a new file with the mode, and if given the owner, that the target has. */
export async function stageContent(
  path: string,
  content: Uint8Array | string,
  { mode, user, group }: Pick<FileOwnership, "mode"> & Partial<FileOwnership>,
): Promise<SeenFile> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    const made = await file.stat();
    // A change of the owner takes some bits of the mode away, so it comes first.
    if (user !== undefined && group !== undefined && (user !== made.uid || group !== made.gid))
      await file.chown(user, group);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
  return seenNow(path);
}

/** Gives a file a second name, or makes a copy where the file system has no second names. */
export async function stageMoved(source: string, path: string, seen: SeenFile): Promise<SeenFile> {
  const { identity, ownership } = seen;
  try {
    await link(source, path);
    return seen;
  } catch (error) {
    if (isMissing(error)) throw error;
  }
  await copyFile(source, path);
  const file = await open(path, "r+");
  try {
    await file.chown(ownership.user, ownership.group);
    await file.chmod(ownership.mode);
  } finally {
    await file.close();
  }
  const modified = Number(BigInt(identity.modified) / 1_000_000n) / 1_000;
  await utimes(path, modified, modified);
  return seenNow(path);
}

/** Makes the directories that are missing and answers which those are, outermost first. */
export async function makeDirectories(directory: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = directory; (await lstatOrNothing(at)) === undefined; at = dirname(at))
    missing.unshift(at);
  if (missing.length > 0) await mkdir(directory, { recursive: true });
  return missing;
}

/** Brings the content of a file to stable storage; fails when the file is not there. */
export async function syncFile(path: string): Promise<void> {
  // Windows syncs only what may be written.
  await synced(await open(path, process.platform === "win32" ? "r+" : "r"));
}

/** Brings the names in a directory to stable storage; one that is gone has none. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows keeps names in directories by itself and cannot open them.
  const directory = await open(path, "r").catch((error: unknown) => {
    if (process.platform === "win32" || isMissing(error)) return undefined;
    throw error;
  });
  if (directory !== undefined) await synced(directory);
}

async function synced(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a file; none is as good. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

async function seenNow(path: string): Promise<SeenFile> {
  // Nobody else knows its name yet, so its content need not be looked at.
  const seen = await lookAt(path, Number.POSITIVE_INFINITY);
  if (seen === undefined) throw stagedRemoved(path);
  return seen;
}
