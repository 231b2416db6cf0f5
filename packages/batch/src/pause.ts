import { setImmediate, setTimeout } from "node:timers/promises";

/** Waits; ends early and without an error when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Waits on the real clock. */
export const sleepOnTimer: Sleep = async (ms, signal) => {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // Cancelled: whoever waits looks at the signal.
  }
};

/** Lets timers and input have their turn: operations that never really wait would starve them. */
export async function yieldToOthers(): Promise<void> {
  await setImmediate();
}
