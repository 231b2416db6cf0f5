import { checkOptions } from "@atlas/errors";
import type { TransactionManager } from "../transaction.ts";
import { transactionError } from "../errors.ts";
import type { LockEvent } from "./lock-events.ts";
import type {
  LockMode,
  LockRetryOptions,
  LockRunOptions,
  LockWaitOptions,
} from "./lock-manager.ts";

/** How a lock manager works. */
export interface LockManagerOptions {
  /** Longest wait for a lock in milliseconds, 0 to 3,600,000. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Names that may be held or wanted at a time, 1 to 1,000,000. Default: 100,000. */
  readonly namesMax?: number;
  /** Requests that may wait at a time, 1 to 1,000,000. Default: 10,000. */
  readonly waitersMax?: number;
  /** How victims of deadlocks are tried again. Default: 100 attempts, pauses below 1 to 50 ms. */
  readonly retry?: LockRetryOptions;
  /**
   * The manager of the store that the locks serve. With it nobody waits for a
   * lock inside one of its transactions: that would keep the writer from those
   * who are to release the lock. Default: nobody watches.
   */
  readonly transactions?: Pick<TransactionManager, "current">;
  /** Receives what happens; what it throws is ignored. Default: nobody does. */
  readonly onEvent?: (event: LockEvent) => void;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** 0 to 1; spreads the pauses of victims. Default: `Math.random`. */
  readonly random?: () => number;
}

/** What a lock manager does unless told otherwise. */
export const lockManagerDefaults: {
  readonly timeoutMs: 30_000;
  readonly namesMax: 100_000;
  readonly waitersMax: 10_000;
  readonly retry: Readonly<Required<LockRetryOptions>>;
} = Object.freeze({
  timeoutMs: 30_000,
  namesMax: 100_000,
  waitersMax: 10_000,
  retry: Object.freeze({ attemptsMax: 100, pauseMs: 1, pauseMaxMs: 50 }),
});

/** The options with nothing left out. @internal */
export interface ResolvedLockOptions {
  readonly timeoutMs: number;
  readonly namesMax: number;
  readonly waitersMax: number;
  readonly retry: Required<LockRetryOptions>;
  readonly insideTransaction: () => boolean;
  readonly onEvent: ((event: LockEvent) => void) | undefined;
  readonly clock: () => number;
  readonly random: () => number;
}

/** Longest name, in UTF-16 units. */
const nameLengthMax = 512;
const timeoutRange = { min: 0, max: 3_600_000 } as const;

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveLockOptions(options: LockManagerOptions): ResolvedLockOptions {
  checkOptions<LockManagerOptions>("createLockManager", options, {
    timeoutMs: timeoutRange,
    namesMax: { min: 1, max: 1_000_000 },
    waitersMax: { min: 1, max: 1_000_000 },
    retry: "any",
    transactions: "any",
    onEvent: "any",
    clock: "any",
    random: "any",
  });
  const { transactions, onEvent } = options;
  return {
    timeoutMs: options.timeoutMs ?? lockManagerDefaults.timeoutMs,
    namesMax: options.namesMax ?? lockManagerDefaults.namesMax,
    waitersMax: options.waitersMax ?? lockManagerDefaults.waitersMax,
    retry: resolveRetry(options.retry, lockManagerDefaults.retry),
    insideTransaction: () => transactions?.current() !== undefined,
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
    onEvent: onEvent && quiet(onEvent),
  };
}

function quiet(observe: (event: LockEvent) => void): (event: LockEvent) => void {
  return (event) => {
    try {
      observe(event);
    } catch {
      // Watching must not change who gets a lock.
    }
  };
}

/** @internal */
export function resolveRunOptions(
  options: LockRunOptions,
  retry: Required<LockRetryOptions>,
): Required<LockRetryOptions> {
  checkOptions<LockRunOptions>("run", options, { retry: "any" });
  return resolveRetry(options.retry, retry);
}

/** @internal */
export function checkWish(name: string, mode: LockMode, options: LockWaitOptions): void {
  checkOptions<LockWaitOptions>("lock", options, { timeoutMs: timeoutRange, signal: "any" });
  if (typeof name !== "string" || name.length === 0 || name.length > nameLengthMax)
    throw transactionError(
      "transaction.invalid_option",
      `The name of a lock must be a text of 1 to ${nameLengthMax} characters.`,
      { details: { option: "name" } },
    );
  if (mode !== "shared" && mode !== "exclusive")
    throw transactionError(
      "transaction.invalid_option",
      'The mode of a lock must be "shared" or "exclusive".',
      { details: { option: "mode" } },
    );
}

function resolveRetry(
  options: LockRetryOptions = {},
  defaults: Required<LockRetryOptions>,
): Required<LockRetryOptions> {
  checkOptions<LockRetryOptions>("retry", options, {
    attemptsMax: { min: 1, max: 10_000 },
    pauseMs: { min: 0, max: 60_000 },
    pauseMaxMs: { min: 0, max: 60_000 },
  });
  return {
    attemptsMax: options.attemptsMax ?? defaults.attemptsMax,
    pauseMs: options.pauseMs ?? defaults.pauseMs,
    pauseMaxMs: options.pauseMaxMs ?? defaults.pauseMaxMs,
  };
}
