import type { TransactionEvent } from "./events.ts";
import { transactionError } from "./errors.ts";
import type { IsolationLevel } from "./transaction.ts";

/** `full`: resolves when the change survives a power failure. `relaxed`: when it survives the process. */
export type Durability = "full" | "relaxed";

/** How one transaction runs. */
export interface TransactionOptions {
  /** The weakest level that will do. Default: "serializable". */
  readonly isolation?: IsolationLevel;
  /** Reads from one snapshot and never takes the writer. Default: false. */
  readonly readonly?: boolean;
  /** Refuses to nest. Default: false. */
  readonly independent?: boolean;
  /** Longest wait for the writer, in milliseconds. Default: the manager's `waitTimeoutMs`. */
  readonly waitTimeoutMs?: number;
  /** Longest time the body may keep the writer, in milliseconds. Default: the manager's `holdTimeoutMs`. */
  readonly holdTimeoutMs?: number;
  /** Rolls the transaction back when it fires before the commit. */
  readonly signal?: AbortSignal;
  /** Default: the manager's `durability`. */
  readonly durability?: Durability;
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
   * this, in milliseconds, 0 to 5; 0 always uses another thread. Default: 2.
   */
  readonly blockingSyncMaxMs?: number;
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
  blockingSyncMaxMs: 2,
} as const;

const limits: Readonly<Record<string, readonly [min: number, max: number]>> = {
  waitTimeoutMs: [1, 3_600_000],
  holdTimeoutMs: [1, 600_000],
  queueLengthMax: [1, 1_000_000],
  groupMembersMax: [1, 10_000],
  groupTimeMaxMs: [0.1, 100],
  blockingSyncMaxMs: [0, 5],
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
]);

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveManagerOptions(options: TransactionManagerOptions): ResolvedManagerOptions {
  checkKeys(options, managerKeys);
  checkNumbers(options);
  checkDurability(options.durability);
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
  checkDurability(options.durability);
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

function checkDurability(durability: string | undefined): void {
  if (durability === undefined || durability === "full" || durability === "relaxed") return;
  throw transactionError(
    "transaction.invalid_option",
    'The option "durability" must be "full" or "relaxed".',
    { details: { option: "durability" } },
  );
}

function withoutUndefined<T extends object>(
  options: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
