import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** How much less of a processor the thread gets when others want it too. */
const niceness = 10;

/**
 * Lets the threads that answer callers go first. Only Linux can do that for one
 * thread; elsewhere nothing happens.
 */
export function stepBack(): void {
  if (process.platform !== "linux") return;
  try {
    // <process>/task/<thread>; the number of the thread is not told otherwise.
    const thread = Number(readlinkSync("/proc/thread-self").split("/")[2]);
    setPriority(thread, niceness);
  } catch {
    // It is a courtesy, not a condition.
  }
}
