import { processTimers } from "../files/timers.ts";

/**
 * Does `work` again and again, with a pause of `everyMs` between two runs. The
 * result ends it and waits for the run that is under way. `work` must not reject.
 */
export function everySoOften(everyMs: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let cancel: (() => void) | undefined;
  let ended = false;
  const plan = (): void => {
    cancel = processTimers.after(everyMs, () => {
      running = work().then(() => {
        if (!ended) plan();
      });
    });
  };
  plan();
  return () => {
    ended = true;
    cancel?.();
    return running;
  };
}
