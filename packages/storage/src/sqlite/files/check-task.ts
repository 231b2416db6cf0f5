import type { FileTask } from "./file-task.ts";
import { findDamage } from "./find-damage.ts";
import { openInThread } from "./open-in-thread.ts";

/** What is checked, and how. */
export interface CheckInput {
  readonly database: string;
  readonly mode: "quick" | "full";
  readonly findingsMax: number;
  readonly busyTimeoutMs: number;
}

/** Checks one state of a live database. */
export const checkTask: FileTask<"check"> = ({ driver }, input) => {
  const handle = openInThread(driver, input.database, input.busyTimeoutMs);
  try {
    // Both checks look at the same state.
    handle.exec("begin");
    return findDamage(handle, input);
  } finally {
    handle.close();
  }
};
