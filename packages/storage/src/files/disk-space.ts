import { statfs } from "node:fs/promises";
import type { DiskSpace } from "../file-manager.ts";
import { translateFileError } from "../sqlite/translate-file-error.ts";

/** Space on the disk that holds `path`. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (cause) {
    throw translateFileError(cause, path);
  }
}
