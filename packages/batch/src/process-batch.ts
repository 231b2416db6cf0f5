import type { BatchWorkload } from "./batch-operation.ts";
import type { ResolvedBatchOptions } from "./batch-options.ts";
import type { Batch, BatchEntry, BatchMode, BatchOutcome, ItemOutcome } from "./batch-processor.ts";
import type { Sleep } from "./pause.ts";
import { outcomeOfError } from "./run-item.ts";
import { retryDelay, type RetryOptions } from "./retry-policy.ts";

/** What one batch needs of its surroundings. */
export interface BatchRun<Input, Item, Result, Transaction> {
  readonly options: ResolvedBatchOptions<Input, Item, Transaction>;
  readonly operation: BatchWorkload<Item, Result, Transaction>;
  readonly signal: AbortSignal;
  /** May be changed while the batch is tried again. */
  readonly retry: () => Required<RetryOptions>;
  /** Present when the job has checkpoints: see `Batch.beforeCommit`. */
  readonly record?: RecordOutcomes<Transaction>;
  readonly sleep: Sleep;
  readonly random: () => number;
  /** Told before a pause. */
  readonly onRetry: (retry: RetryNotice) => void;
}

/** Writes down, inside the transaction, what became of entries; `isFinal` says for which. */
export type RecordOutcomes<Transaction> = (
  entries: readonly BatchEntry<unknown>[],
  outcomes: readonly ItemOutcome<unknown>[],
  at: {
    readonly isFinal: (outcome: ItemOutcome<unknown>) => boolean;
    readonly transaction: Transaction;
  },
) => Promise<void>;

/** What is tried again, and when. */
export interface RetryNotice {
  readonly items: number;
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

/** The final fate of an entry. */
export interface SettledEntry<Input, Result> {
  readonly entry: BatchEntry<Input>;
  readonly outcome: ItemOutcome<Result>;
}

/** The final fates of a batch, and the failure of its last attempt. */
export interface SettledBatch<Input, Result> extends Pick<BatchOutcome<Result>, "failure"> {
  readonly entries: readonly SettledEntry<Input, Result>[];
}

/**
 * Processes a batch and tries again what is worth it.
 *
 * The pause lies between attempts, outside of any transaction, so that nobody
 * keeps the writer while waiting.
 */
export async function processBatch<Input, Item, Result, Transaction>(
  batch: readonly BatchEntry<Input>[],
  run: BatchRun<Input, Item, Result, Transaction>,
): Promise<SettledBatch<Input, Result>> {
  const { signal, sleep, random, onRetry } = run;
  const final: SettledEntry<Input, Result>[] = [];
  let pending = batch;
  for (let attempt = 1; ; attempt += 1) {
    // One policy per attempt: what is written down as final is not tried again.
    const retry = run.retry();
    const { mode } = run.options;
    const { entries, failure } = await attemptBatch(pending, { attempt, retry }, run);
    const again = attempt < retry.attemptsMax ? retryableOf(entries, failure, { mode, retry }) : [];
    const [first] = again;
    if (first === undefined || signal.aborted) {
      return settled([...final, ...entries], failure);
    }

    const delayMs = retryDelay(attempt, retry, random);
    const error = "error" in first.outcome ? first.outcome.error : failure?.error;
    onRetry({ items: again.length, attempt: attempt + 1, delayMs, error });
    await sleep(delayMs, signal);
    if (signal.aborted) return settled([...final, ...entries], failure);

    const repeated = new Set(again);
    final.push(...entries.filter((entry) => !repeated.has(entry)));
    pending = again.map(({ entry }) => entry);
  }
}

async function attemptBatch<Input, Item, Result, Transaction>(
  pending: readonly BatchEntry<Input>[],
  { attempt, retry }: { readonly attempt: number; readonly retry: Required<RetryOptions> },
  { options, operation, signal, record }: BatchRun<Input, Item, Result, Transaction>,
): Promise<SettledBatch<Input, Result>> {
  const { processor, mode } = options;
  const entries = pending.map((entry) => ({ ...entry, attempt }));
  const batch: Batch<Input, Transaction> = { entries, mode, signal };
  const isFinal = (outcome: ItemOutcome<unknown>): boolean => {
    if (outcome.status === "failed") {
      return attempt >= retry.attemptsMax || !retry.when(outcome.error);
    }
    return outcome.status === "succeeded" || outcome.status === "skipped";
  };
  const recorded = record && {
    ...batch,
    beforeCommit: (outcomes: readonly ItemOutcome<unknown>[], transaction: Transaction) =>
      record(entries, outcomes, { isFinal, transaction }),
  };
  try {
    const outcome = await processor.processBatch(recorded ?? batch, operation);
    return settled(
      entries.map((entry, at) => ({
        entry,
        outcome: outcome.items[at] ?? { status: "cancelled" },
      })),
      outcome.failure,
    );
  } catch (error) {
    // A validation without a transaction around it may fail as a whole.
    return settled(
      entries.map((entry) => ({ entry, outcome: outcomeOfError(error, signal) })),
      { error },
    );
  }
}

function settled<Input, Result>(
  entries: readonly SettledEntry<Input, Result>[],
  failure: BatchOutcome<Result>["failure"],
): SettledBatch<Input, Result> {
  return failure === undefined ? { entries } : { entries, failure };
}

/** The entries of one more attempt: all or nothing if that is the mode. */
function retryableOf<Input, Result>(
  entries: readonly SettledEntry<Input, Result>[],
  failure: BatchOutcome<Result>["failure"],
  { mode, retry }: { readonly mode: BatchMode; readonly retry: Required<RetryOptions> },
): readonly SettledEntry<Input, Result>[] {
  if (mode === "all-or-nothing") {
    return failure !== undefined && retry.when(failure.error) ? entries : [];
  }
  return entries.filter(
    ({ outcome }) =>
      (outcome.status === "failed" || outcome.status === "rolledBack") && retry.when(outcome.error),
  );
}
