import { analyze, checkOptions } from "@atlas/errors";

/** When and how often an item is tried again. */
export interface RetryOptions {
  /** Attempts per item, the first one included. Default: 3; maximum 100; 1 never retries. */
  readonly attemptsMax?: number;
  /** The longest pause before the second attempt, in ms. Default: 50; maximum 60,000. */
  readonly baseDelayMs?: number;
  /** The longest pause at all, in ms. Default: 5,000; maximum 3,600,000. */
  readonly maxDelayMs?: number;
  /** Tells which errors are worth another attempt. Default: those `analyze` calls retryable. */
  readonly when?: (error: unknown) => boolean;
}

/** How items are retried when nothing is said. */
export const retryDefaults: {
  readonly attemptsMax: 3;
  readonly baseDelayMs: 50;
  readonly maxDelayMs: 5_000;
} = Object.freeze({ attemptsMax: 3, baseDelayMs: 50, maxDelayMs: 5_000 });

/** The default of `when`. */
function isRetryable(error: unknown): boolean {
  return analyze(error).retryable;
}

/**
 * The pause before the next attempt: anything up to the exponentially growing
 * limit ("full jitter"), so that callers that failed together do not come back
 * together.
 */
export function retryDelay(
  attempt: number,
  { baseDelayMs, maxDelayMs }: Required<Pick<RetryOptions, "baseDelayMs" | "maxDelayMs">>,
  random: () => number,
): number {
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
}

/** Copies the options, fills in what is left out and refuses what cannot be used. */
export function resolveRetry(
  options: RetryOptions,
  base: Required<RetryOptions> = { ...retryDefaults, when: isRetryable },
): Required<RetryOptions> {
  checkOptions<RetryOptions>("process.retry", options, {
    attemptsMax: { min: 1, max: 100 },
    baseDelayMs: { min: 0, max: 60_000 },
    maxDelayMs: { min: 0, max: 3_600_000 },
    when: "any",
  });
  return {
    attemptsMax: options.attemptsMax ?? base.attemptsMax,
    baseDelayMs: options.baseDelayMs ?? base.baseDelayMs,
    maxDelayMs: options.maxDelayMs ?? base.maxDelayMs,
    when: options.when ?? base.when,
  };
}
