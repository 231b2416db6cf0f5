import type { BatchOperation } from "./batch-operation.ts";
import type { ResolvedBatchOptions } from "./batch-options.ts";
import type { BatchEntry, BatchOutcome, ItemOutcome } from "./batch-processor.ts";
import type { Sleep } from "./pause.ts";
import { outcomeOfError } from "./run-item.ts";
import { retryDelay } from "./retry-policy.ts";

/** What one batch needs of its surroundings. */
export interface BatchRun<Input, Item, Result, Transaction> {
  readonly options: ResolvedBatchOptions<Input, Item, Transaction>;
  readonly operation: BatchOperation<Item, Result, Transaction>;
  readonly sleep: Sleep;
  readonly random: () => number;
  /** Told before a pause. */
  readonly onRetry: (retry: RetryNotice) => void;
}

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
  const { options, sleep, random, onRetry } = run;
  const final: SettledEntry<Input, Result>[] = [];
  let pending = batch;
  for (let attempt = 1; ; attempt += 1) {
    const { entries, failure } = await attemptBatch(pending, attempt, run);
    const again = attempt < options.retry.attemptsMax ? retryableOf(entries, failure, options) : [];
    const [first] = again;
    if (first === undefined || options.signal.aborted) {
      return settled([...final, ...entries], failure);
    }

    const delayMs = retryDelay(attempt, options.retry, random);
    const error = "error" in first.outcome ? first.outcome.error : failure?.error;
    onRetry({ items: again.length, attempt: attempt + 1, delayMs, error });
    await sleep(delayMs, options.signal);
    if (options.signal.aborted) return settled([...final, ...entries], failure);

    final.push(...entries.filter((entry) => !again.includes(entry)));
    pending = again.map(({ entry }) => entry);
  }
}

async function attemptBatch<Input, Item, Result, Transaction>(
  pending: readonly BatchEntry<Input>[],
  attempt: number,
  { options, operation }: BatchRun<Input, Item, Result, Transaction>,
): Promise<SettledBatch<Input, Result>> {
  const { processor, mode, signal } = options;
  const entries = pending.map((entry) => ({ ...entry, attempt }));
  try {
    const outcome = await processor.processBatch({ entries, mode, signal }, operation);
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
  { mode, retry }: Pick<ResolvedBatchOptions<never, never, never>, "mode" | "retry">,
): readonly SettledEntry<Input, Result>[] {
  if (mode === "all-or-nothing") {
    return failure !== undefined && retry.when(failure.error) ? entries : [];
  }
  return entries.filter(
    ({ outcome }) =>
      (outcome.status === "failed" || outcome.status === "rolledBack") && retry.when(outcome.error),
  );
}
