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

/** Fires with the first signal that asks for a stop, until it is disposed of. */
export interface StopWatch extends Disposable {
  readonly signal: AbortSignal;
}

/** Watches for signals that ask for a stop; as long as it does they end nothing by themselves. */
export function watchForStop(): StopWatch {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const signal of stopSignals) process.on(signal, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of stopSignals) process.off(signal, stop);
    },
  };
}
