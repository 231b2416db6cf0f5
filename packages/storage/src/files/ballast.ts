import { randomFillSync } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";

/** Written at a time; the content is random, so that no file system packs it into nothing. */
const pieceBytes = 1_048_576;

/** A file that is only there to be given up. */
export interface Ballast {
  readonly path: string;
  /** Space it really takes now. */
  readonly bytes: number;
}

/**
 * Brings the ballast to its size. One that an earlier run left is used, and one
 * that was cut off is completed; when the disk does not hold it, it is removed.
 */
export async function takeBallast(path: string, bytes: number): Promise<Ballast> {
  try {
    await grow(path, bytes);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { path, bytes: await ballastBytes(path) };
}

/** Gives its space back; false when there was none. */
export async function dropBallast(path: string): Promise<boolean> {
  const there = (await ballastBytes(path)) > 0;
  await rm(path, { force: true });
  return there;
}

/** Space the ballast takes; 0 when it is not there. */
export async function ballastBytes(path: string): Promise<number> {
  try {
    const { size, blocks } = await stat(path);
    // Windows does not say how many blocks a file has.
    return process.platform === "win32" ? size : Math.min(size, blocks * 512);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return 0;
    throw error;
  }
}

async function grow(path: string, bytes: number): Promise<void> {
  const file = await open(path, "a", 0o600);
  try {
    let { size } = await file.stat();
    // One with holes, as some programs copy files, reserves nothing.
    if ((await ballastBytes(path)) < size) await file.truncate((size = 0));
    if (size > bytes) await file.truncate(bytes);
    const piece = size < bytes ? randomFillSync(Buffer.alloc(pieceBytes)) : Buffer.alloc(0);
    while (size < bytes) {
      const { bytesWritten } = await file.write(piece, 0, Math.min(pieceBytes, bytes - size));
      size += bytesWritten;
    }
    // Some file systems promise space that they look for only when it is synced.
    await file.sync();
  } finally {
    await file.close();
  }
}
