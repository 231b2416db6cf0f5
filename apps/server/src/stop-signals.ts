import { constants } from "node:os";

/** The signals that ask for a clean stop. */
const stopSignals = ["SIGINT", "SIGTERM"] as const;

/**
 * Resolves with the first signal that asks for a stop. A second one ends the
 * process at once: whoever sends it does not want to wait.
 */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of stopSignals)
      process.on(signal, () => {
        if (asked) process.exit(128 + constants.signals[signal]);
        asked = true;
        resolve(signal);
      });
  });
}
