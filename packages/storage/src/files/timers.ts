/** How something is done later. */
export interface Timers {
  /** Runs `action` once after `delayMs`; the result stops it. */
  after(delayMs: number, action: () => void): () => void;
}

/** Longest delay that a timer keeps; longer ones would run at once. */
export const delayMsMax = 2_147_483_647;

/** Timers of the process, which do not keep it alive. */
export const processTimers: Timers = Object.freeze<Timers>({
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
});
