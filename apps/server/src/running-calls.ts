import { serverError } from "./errors.ts";

/** Counts the calls that run, so that a stop can wait for them. */
export interface RunningCalls {
  /**
   * Runs a call.
   *
   * @throws {AtlasError} operation.stopping after `stop`.
   */
  track<T>(call: () => Promise<T>): Promise<T>;
  /** Refuses further calls and resolves when none runs, or after `timeoutMs`: then with false. */
  stop(timeoutMs: number): Promise<boolean>;
}

/** Starts counting at none. */
export function createRunningCalls(): RunningCalls {
  let running = 0;
  let stopping = false;
  let idle: (() => void) | undefined;
  return {
    async track(call) {
      if (stopping)
        throw serverError("operation.stopping", "The server is stopping and takes no more calls.");
      running += 1;
      try {
        return await call();
      } finally {
        running -= 1;
        if (running === 0) idle?.();
      }
    },
    stop(timeoutMs) {
      stopping = true;
      if (running === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), timeoutMs);
        idle = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}
