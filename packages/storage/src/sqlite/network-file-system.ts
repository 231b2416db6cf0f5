import { statfsSync } from "node:fs";
import { storageError } from "../errors.ts";

/**
 * File systems on which SQLite's locks or its shared memory do not work
 * between machines, by the number Linux gives them.
 *
 * FUSE and 9p are not in the list: both also serve local directories, to
 * containers and virtual machines, and their number does not tell which it is.
 */
export const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB"],
  [0xff534d42, "CIFS"],
  [0x564c, "NCP"],
  [0x73757245, "Coda"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
]);

/** The number of the file system a directory is on; undefined where it means nothing. */
export type FileSystemOf = (directory: string) => number | undefined;

/** @throws {AtlasError} storage.network_file_system */
export function refuseNetworkFileSystem(
  directory: string,
  fileSystemOf: FileSystemOf = linuxFileSystemOf,
): void {
  const number = fileSystemOf(directory);
  const name = number === undefined ? undefined : networkFileSystems.get(number);
  if (name === undefined) return;
  throw storageError(
    "storage.network_file_system",
    `${directory} is on a network file system (${name}), where several machines could write at ` +
      "once and damage the data. Choose a directory on a disk of this machine.",
    { details: { directory, fileSystem: name } },
  );
}

function linuxFileSystemOf(directory: string): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return statfsSync(directory).type >>> 0;
  } catch {
    // Not to know is no reason to refuse; opening the file says what is wrong.
    return undefined;
  }
}
