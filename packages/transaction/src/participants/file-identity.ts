import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { isMissing, refused } from "./file-path.ts";

/** Enough to tell whether a file is still what it was. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  readonly bytes: number;
  /** In nanoseconds since the epoch. */
  readonly modified: string;
  /** Of the content, where the times alone cannot tell. */
  readonly hash?: string;
}

/** What a replaced file keeps. */
export interface FileOwnership {
  readonly mode: number;
  readonly user: number;
  readonly group: number;
}

/** A file at one moment. */
export interface SeenFile {
  readonly identity: FileIdentity;
  readonly ownership: FileOwnership;
}

/**
 * A file changed again within one tick of the file system's clock has the same
 * time as before. Ticks are a few milliseconds; file systems that keep whole
 * seconds or less have times that end in zeros.
 */
const tickMs = 20;
const coarseTickMs = 2_000;

/**
 * The file at an absolute path; undefined when there is none. `now`, in
 * milliseconds since the epoch, tells whether it changed so lately that its
 * content has to be looked at.
 *
 * @throws {AtlasError} transaction.file_path_refused when it is not a file.
 */
export async function lookAt(path: string, now: number): Promise<SeenFile | undefined> {
  try {
    const found = await lstat(path, { bigint: true });
    if (!found.isFile()) throw refused(path, "leads to something that is no file");
    const identity = {
      device: String(found.dev),
      inode: String(found.ino),
      bytes: Number(found.size),
      modified: String(found.mtimeNs),
    };
    const mode = Number(found.mode) & 0o7777;
    const ownership = { mode, user: Number(found.uid), group: Number(found.gid) };
    const tick = found.mtimeNs % 1_000_000n === 0n ? coarseTickMs : tickMs;
    const isFresh = Math.abs(now - Number(found.mtimeMs)) <= tick;
    if (!isFresh) return { identity, ownership };
    return { identity: { ...identity, hash: await hashOf(path) }, ownership };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True when the file at `path` is still the expected one, or there is still none. */
export async function isUnchanged(
  path: string,
  expected: FileIdentity | undefined,
): Promise<boolean> {
  try {
    const found = await lstat(path, { bigint: true });
    if (expected === undefined || !found.isFile()) return false;
    return (
      String(found.dev) === expected.device &&
      String(found.ino) === expected.inode &&
      Number(found.size) === expected.bytes &&
      String(found.mtimeNs) === expected.modified &&
      (expected.hash === undefined || (await hashOf(path)) === expected.hash)
    );
  } catch (error) {
    if (isMissing(error)) return expected === undefined;
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** The device that holds what is at a path; undefined when there is nothing. */
export async function deviceOf(path: string): Promise<string | undefined> {
  try {
    return String((await lstat(path, { bigint: true })).dev);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True when both paths lead to one file. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  try {
    const [first, second] = await Promise.all([
      lstat(a, { bigint: true }),
      lstat(b, { bigint: true }),
    ]);
    return first.ino === second.ino && first.dev === second.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
