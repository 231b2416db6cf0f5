import type { FileTask } from "./file-task.ts";
import { readStored, type StoredFile } from "./pack-file.ts";

/** A stored backup that is read from beginning to end. */
export interface VerifyStoredInput {
  readonly source: StoredFile;
  readonly bytesMax: number;
}

/** Reads a backup without writing anything. */
export const verifyStoredTask: FileTask<"verifyStored"> = (
  { throwIfCancelled },
  { source, bytesMax },
) => readStored(source, { bytesMax, throwIfCancelled });
