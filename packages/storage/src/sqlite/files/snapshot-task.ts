import type { FileTask } from "./file-task.ts";
import { openInThread } from "./open-in-thread.ts";
import { syncFile } from "./sync-file.ts";
import { verifyCopy, type CopyFindings } from "./verify-copy.ts";

/** What is exported, and where to. */
export interface SnapshotInput {
  readonly database: string;
  readonly copy: string;
  readonly busyTimeoutMs: number;
}

/** An exported copy. */
export type SnapshotOutcome = CopyFindings;

/** Writes one state of a live database into a new file, without free space in it. */
export const snapshotTask: FileTask<"snapshot"> = async ({ driver }, input) => {
  const handle = openInThread(driver, input.database, input.busyTimeoutMs);
  try {
    // VACUUM INTO only reads the database, and is refused on a query_only handle all the same.
    handle.pragma("query_only = off");
    handle.prepare("vacuum into ?").run(input.copy);
  } finally {
    handle.close();
  }
  const findings = verifyCopy(driver, input.copy);
  await syncFile(input.copy);
  return findings;
};
