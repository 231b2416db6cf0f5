import { open } from "node:fs/promises";

/**
 * Makes the content of a file durable. Only for files that no connection of
 * this process has open: closing a descriptor drops its locks.
 */
export async function syncFile(path: string): Promise<void> {
  // Windows syncs only what was opened for writing.
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
