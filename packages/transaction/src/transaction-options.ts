import type { TransactionEvent } from "./events.ts";
import { transactionError } from "./errors.ts";
import { checkRetryOptions, type RetryOptions } from "./retry-policy.ts";
import type { IsolationLevel } from "./transaction.ts";

/** `full`: resolves when the change survives a power failure. `relaxed`: when it survives the process. */
export type Durability = "full" | "relaxed";

/** Who gets the writer first; nobody waits for ever. */
export type Priority = "high" | "normal" | "low";

/** @internal */
export const priorities: readonly Priority[] = ["high", "normal", "low"];

const isolationLevels: readonly IsolationLevel[] = [
  "read_uncommitted",
  "read_committed",
  "repeatable_read",
  "serializable",
];

/**
 * How one transaction runs. Inside another transaction `isolation`,
 * `waitTimeoutMs`, `durability`, `priority` and `retry` are those of the
 * outermost one.
 */
export interface TransactionOptions {
  /** The weakest level that will do. Default: "serializable". */
  readonly isolation?: IsolationLevel;
  /** Reads from one snapshot and never takes the writer. Default: false. */
  readonly readonly?: boolean;
  /** Refuses to nest. Default: false. */
  readonly independent?: boolean;
  /** Longest wait for the writer, in milliseconds. Default: the manager's `waitTimeoutMs`. */
  readonly waitTimeoutMs?: number;
  /**
   * Longest time the body may take, in milliseconds. Default: the manager's
   * `holdTimeoutMs`; none for a nested and for a read-only body.
   */
  readonly holdTimeoutMs?: number;
  /** Rolls this transaction back when it fires before the body has ended. */
  readonly signal?: AbortSignal;
  /** Default: the manager's `durability`. Always "full" with participants. */
  readonly durability?: Durability;
  /**
   * Of 13 transactions in a row 8 are "high", 4 "normal" and 1 "low" while all
   * of them wait. Default: "normal".
   */
  readonly priority?: Priority;
  /**
   * Runs the body again after an error that is retryable and whose outcome is
   * known. Default: once only.
   */
  readonly retry?: RetryOptions;
}

/** How a manager runs its writer. */
export interface TransactionManagerOptions {
  /** Default: "full". */
  readonly durability?: Durability;
  /** Longest wait for the writer in milliseconds, 1 to 3,600,000. Default: 30,000. */
  readonly waitTimeoutMs?: number;
  /** Longest time a body may keep the writer in milliseconds, 1 to 600,000. Default: 2,000. */
  readonly holdTimeoutMs?: number;
  /** Transactions that may wait for the writer, 1 to 1,000,000. Default: 10,000. */
  readonly queueLengthMax?: number;
  /** Transactions that may share one commit, 1 to 10,000. Default: 256. */
  readonly groupMembersMax?: number;
  /**
   * Time after which a group takes no further member, in milliseconds, 0.1 to
   * 100. It bounds how long the event loop is kept and others wait. Default: 2.
   */
  readonly groupTimeMaxMs?: number;
  /**
   * A lone commit is synced on this thread when syncs lately took less than
   * this, in milliseconds, 0 to 5. A sync that takes long without warning then
   * keeps the event loop; with 0 none does, and each takes some tenths of a
   * millisecond more. Default: 1.
   */
  readonly blockingSyncMaxMs?: number;
  /**
   * Retries that may run ahead of successes, 0 to 100,000. A retry costs 1, a
   * transaction that succeeds gives back a tenth. Default: 100.
   */
  readonly retryBudget?: number;
  /** Remembers where each transaction was started, for `status`; costs about 2 µs. Default: false. */
  readonly captureOrigin?: boolean;
  /** Receives what happens; must not throw. */
  readonly onEvent?: (event: TransactionEvent) => void;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
  /** Milliseconds that only ever grow; for deadlines and durations. Default: `performance.now`. */
  readonly monotonicClock?: () => number;
  /** 0 to 1; spreads the waiting of several processes. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The manager's options with nothing left out. */
export type ResolvedManagerOptions = Required<Omit<TransactionManagerOptions, "onEvent">> &
  Pick<TransactionManagerOptions, "onEvent">;

/** What a manager does unless told otherwise. */
export const transactionManagerDefaults = {
  durability: "full",
  waitTimeoutMs: 30_000,
  holdTimeoutMs: 2_000,
  queueLengthMax: 10_000,
  groupMembersMax: 256,
  groupTimeMaxMs: 2,
  blockingSyncMaxMs: 1,
  retryBudget: 100,
  captureOrigin: false,
} as const;

const limits: Readonly<Record<string, readonly [min: number, max: number]>> = {
  waitTimeoutMs: [1, 3_600_000],
  holdTimeoutMs: [1, 600_000],
  queueLengthMax: [1, 1_000_000],
  groupMembersMax: [1, 10_000],
  groupTimeMaxMs: [0.1, 100],
  blockingSyncMaxMs: [0, 5],
  retryBudget: [0, 100_000],
};

const managerKeys: ReadonlySet<string> = new Set([
  ...Object.keys(transactionManagerDefaults),
  "onEvent",
  "clock",
  "monotonicClock",
  "random",
]);

const transactionKeys: ReadonlySet<string> = new Set([
  "isolation",
  "readonly",
  "independent",
  "waitTimeoutMs",
  "holdTimeoutMs",
  "signal",
  "durability",
  "priority",
  "retry",
]);

const words: Readonly<Record<string, readonly unknown[]>> = {
  durability: ["full", "relaxed"],
  isolation: isolationLevels,
  priority: priorities,
  captureOrigin: [true, false],
  readonly: [true, false],
  independent: [true, false],
};

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveManagerOptions(options: TransactionManagerOptions): ResolvedManagerOptions {
  checkKeys(options, managerKeys);
  checkNumbers(options);
  checkWords(options);
  return {
    ...transactionManagerDefaults,
    clock: Date.now,
    monotonicClock: performance.now.bind(performance),
    random: Math.random,
    ...withoutUndefined(options),
  };
}

/** Refuses misspelt and unusable options of one transaction. @internal */
export function checkTransactionOptions(options: TransactionOptions): void {
  checkKeys(options, transactionKeys);
  checkNumbers(options);
  checkWords(options);
  if (options.retry !== undefined) checkRetryOptions(options.retry);
}

function checkKeys(options: object, known: ReadonlySet<string>): void {
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    throw transactionError(
      "transaction.invalid_option",
      `There is no option "${key}". Known are ${[...known].join(", ")}.`,
      { details: { option: key } },
    );
  }
}

function checkNumbers(options: object): void {
  for (const [key, value] of Object.entries(options)) {
    const range = limits[key];
    if (range === undefined || value === undefined) continue;
    if (typeof value === "number" && value >= range[0] && value <= range[1]) continue;
    throw transactionError(
      "transaction.invalid_option",
      `The option "${key}" must be a number from ${range[0]} to ${range[1]}.`,
      { details: { option: key } },
    );
  }
}

function checkWords(options: object): void {
  for (const [key, value] of Object.entries(options)) {
    const known = words[key];
    if (known === undefined || value === undefined || known.includes(value)) continue;
    throw transactionError(
      "transaction.invalid_option",
      `The option "${key}" must be one of ${known.join(", ")}.`,
      { details: { option: key } },
    );
  }
}

function withoutUndefined<T extends object>(
  options: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
