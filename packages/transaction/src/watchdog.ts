/** Shortest and longest time between two looks, in milliseconds. */
const lookEveryMs: readonly [min: number, max: number] = [5, 100];

/**
 * One timer for all deadlines of a lane. A timer per transaction would cost
 * more than the transaction; deadlines are met to within a tenth of their
 * length instead.
 *
 * @internal
 */
export interface Watchdog {
  /** Starts looking often enough for a deadline that is `inMs` away. */
  watch(inMs: number): void;
  stop(): void;
}

/** `look` answers whether there is anything left to watch. @internal */
export function createWatchdog(look: () => boolean): Watchdog {
  let timer: NodeJS.Timeout | undefined;
  let everyMs: number = lookEveryMs[1];

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    everyMs = lookEveryMs[1];
  };
  const start = (): void => {
    clearInterval(timer);
    timer = setInterval(() => {
      if (!look()) stop();
    }, everyMs);
    // A process with nothing else to do may end; its queue is empty then or ends with it.
    timer.unref();
  };
  return {
    watch(inMs) {
      const wanted = Math.min(Math.max(inMs / 10, lookEveryMs[0]), lookEveryMs[1]);
      if (timer !== undefined && wanted >= everyMs) return;
      everyMs = Math.min(everyMs, wanted);
      start();
    },
    stop,
  };
}
