import type { FileTask } from "./file-task.ts";
import { readStored, type Digests, type StoredFile } from "./pack-file.ts";
import { syncFile } from "./sync-file.ts";
import { verifyCopy, type CopyFindings } from "./verify-copy.ts";

/** What is unpacked, and where to. */
export interface UnpackInput {
  readonly source: StoredFile;
  readonly copy: string;
  /** Stops when there is more inside. */
  readonly bytesMax: number;
}

/** An unpacked database; durable. */
export type UnpackOutcome = CopyFindings & Digests;

/** Unpacks a backup into a file beside its target, and checks what came out. */
export const unpackTask: FileTask<"unpack"> = async ({ driver, throwIfCancelled }, input) => {
  const { source, copy, bytesMax } = input;
  const digests = await readStored(source, { target: copy, bytesMax, throwIfCancelled });
  const findings = verifyCopy(driver, copy);
  await syncFile(copy);
  return { ...digests, ...findings };
};
