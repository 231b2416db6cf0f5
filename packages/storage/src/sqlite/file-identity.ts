import { statSync } from "node:fs";

/** Which file is at a path, whatever its name: the same file has the same device and inode. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** The file at `path` now; undefined when there is none. */
export function identityOf(path: string): FileIdentity | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : { device: found.dev, inode: found.ino };
}

/** True when both are the same file. */
export function sameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  return a !== undefined && b !== undefined && a.device === b.device && a.inode === b.inode;
}
