import { analyze } from "@atlas/errors";
import { transactionError } from "./errors.ts";

/** How often a body is run, and how long it pauses in between. */
export interface RetryOptions {
  /** Attempts, the first one included, 1 to 100. Default: 5. */
  readonly attemptsMax?: number;
  /** Longest pause after the first attempt, in milliseconds, 0 to 60,000. Default: 5. */
  readonly baseDelayMs?: number;
  /** Longest pause at all, in milliseconds, 0 to 600,000. Default: 1,000. */
  readonly maxDelayMs?: number;
}

/** What `retry: {}` means. */
export const retryDefaults: Required<RetryOptions> = Object.freeze({
  attemptsMax: 5,
  baseDelayMs: 5,
  maxDelayMs: 1_000,
});

const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  attemptsMax: [1, 100],
  baseDelayMs: [0, 60_000],
  maxDelayMs: [0, 600_000],
};

/** @internal */
export function checkRetryOptions(options: RetryOptions): void {
  for (const [key, value] of Object.entries(options)) {
    const range = ranges[key];
    if (range === undefined) throw refused(key, `There is no option "retry.${key}".`);
    if (value === undefined) continue;
    if (Number.isInteger(value) && value >= range[0] && value <= range[1]) continue;
    throw refused(key, `"retry.${key}" must be a whole number from ${range[0]} to ${range[1]}.`);
  }
}

/**
 * True for errors after which nothing of the transaction is there and the same
 * may succeed. What may have been committed is never repeated.
 *
 * @internal
 */
export function mayRetry(error: unknown): boolean {
  const { retryable, txState } = analyze(error);
  return retryable && txState !== "unknown";
}

/**
 * Keeps retries from multiplying the load when nearly everything fails: each
 * retry takes a token, each success brings back a tenth of one (the retry
 * throttling of gRPC, proposal A6).
 *
 * @internal
 */
export interface RetryBudget {
  /** False when there is nothing left. */
  take(): boolean;
  succeeded(): void;
}

const returnedBySuccess = 0.1;

/** @internal */
export function createRetryBudget(tokensMax: number): RetryBudget {
  let tokens = tokensMax;
  return {
    take() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    succeeded() {
      tokens = Math.min(tokensMax, tokens + returnedBySuccess);
    },
  };
}

function refused(key: string, what: string): Error {
  return transactionError("transaction.invalid_option", what, {
    details: { option: `retry.${key}` },
  });
}
