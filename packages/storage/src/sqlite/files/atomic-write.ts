import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { AtomicWriteOptions } from "../../file-manager.ts";
import { syncDirectory } from "../log-sync.ts";
import { translateFileError } from "../translate-file-error.ts";

/** Permissions of a file that did not exist: what it holds is its owner's. */
const newFileMode = 0o600;

/** Writes beside the target, syncs, renames over it, and syncs the directory. */
export async function atomicWrite(
  path: string,
  data: string | Uint8Array,
  options: AtomicWriteOptions & { readonly id: string },
): Promise<void> {
  const target = resolve(path);
  const temporary = temporaryBeside(target, options.id);
  try {
    const mode = options.mode ?? (await modeOf(target)) ?? newFileMode;
    await writeDurably(temporary, data, mode);
    await rename(temporary, target);
    syncDirectory(dirname(target));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw translateFileError(cause, target);
  }
}

/** A name in the same directory, so that a rename does not cross file systems. */
export function temporaryBeside(target: string, id: string): string {
  return join(dirname(target), `.${basename(target)}.${id}.tmp`);
}

async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(data);
    // The mode of open is narrowed by the umask.
    await chmod(path, mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
