import { analyze, type ErrorCode } from "@atlas/errors";
import type { BatchEntry, ItemOutcome } from "./batch-processor.ts";
import type {
  BatchErrorSummary,
  BatchResult,
  ItemReport,
  ItemStatus,
  StopReason,
} from "./batch-result.ts";
import { failedItemOf, retryItemsOf, type FailedItem } from "./retry-items.ts";

/** How much of the reports is kept. */
export interface CollectorLimits {
  readonly failuresMax: number;
  readonly outcomesMax: number;
  readonly retryItemsMax: number;
}

/** What an earlier run of the same job has settled. */
export interface Carried {
  readonly counts: Readonly<Record<"succeeded" | "failed" | "skipped", number>>;
  readonly failures: readonly ItemReport<never>[];
}

/** Why and by what a batch was stopped. */
export interface Stop {
  readonly reason: StopReason;
  readonly error?: unknown;
}

/** Gathers the final fates of items, in memory bounded by its limits. */
export class ResultCollector<Result, Input> {
  readonly counts: Record<ItemStatus | "total", number> = {
    total: 0,
    succeeded: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
    rolledBack: 0,
  };
  retries = 0;
  readonly #limits: CollectorLimits;
  readonly #failures: ItemReport<Result>[] = [];
  readonly #outcomes: ItemReport<Result>[] = [];
  readonly #errors = new Map<ErrorCode, { count: number; firstIndex: number }>();
  readonly #retryItems: FailedItem<Input>[] = [];
  #retryItemsComplete = true;
  #truncated = false;

  constructor(limits: CollectorLimits) {
    this.#limits = limits;
  }

  /** Counts what an earlier run has settled; of its failures it keeps what there is room for. */
  carry({ counts, failures }: Carried): void {
    for (const status of ["succeeded", "failed", "skipped"] as const) {
      this.counts[status] += counts[status];
      this.counts.total += counts[status];
    }
    for (const report of failures) this.#keep(this.#failures, report, this.#limits.failuresMax);
    this.#truncated ||= counts.failed + counts.skipped > failures.length;
    for (const { error, index } of failures) this.#count(error, index);
  }

  add(entry: BatchEntry<Input>, outcome: ItemOutcome<Result>): void {
    this.counts.total += 1;
    this.counts[outcome.status] += 1;
    const { failuresMax, outcomesMax, retryItemsMax } = this.#limits;
    const again = failedItemOf(entry, outcome);
    if (again !== undefined) {
      if (this.#retryItems.length < retryItemsMax) this.#retryItems.push(again);
      else this.#retryItemsComplete = false;
    }
    // Most items succeed, and of those nothing is kept.
    if (outcome.status === "succeeded" && outcomesMax === 0) return;
    const report = reportOf(entry, outcome);
    if (outcome.status !== "succeeded") this.#keep(this.#failures, report, failuresMax);
    if (outcomesMax > 0) this.#keep(this.#outcomes, report, outcomesMax);
    if ("error" in outcome) this.#count(outcome.error, entry.index);
  }

  result(stop: Stop | undefined, durationMs: number): BatchResult<Result, Input> {
    const { total, succeeded } = this.counts;
    return {
      ok: stop === undefined && succeeded === total,
      counts: { ...this.counts },
      failures: this.#failures.toSorted(byIndex),
      outcomes: this.#outcomes.toSorted(byIndex),
      truncated: this.#truncated,
      retryItems: retryItemsOf(this.#retryItems.toSorted(byIndex), this.#retryItemsComplete),
      errors: this.#summaries(),
      ...(stop === undefined ? {} : { stopped: stop.reason }),
      ...(stop !== undefined && "error" in stop ? { stopError: stop.error } : {}),
      retries: this.retries,
      durationMs,
    };
  }

  #keep(list: ItemReport<Result>[], report: ItemReport<Result>, lengthMax: number): void {
    if (list.length < lengthMax) list.push(report);
    else this.#truncated = true;
  }

  #count(error: unknown, index: number): void {
    const { code } = analyze(error);
    const known = this.#errors.get(code);
    this.#errors.set(code, {
      count: (known?.count ?? 0) + 1,
      firstIndex: Math.min(known?.firstIndex ?? index, index),
    });
  }

  #summaries(): readonly BatchErrorSummary[] {
    return [...this.#errors]
      .map(([code, { count, firstIndex }]) => ({ code, count, firstIndex }))
      .toSorted((first, second) => second.count - first.count);
  }
}

function reportOf<Result>(
  { index, key, attempt }: BatchEntry<unknown>,
  outcome: ItemOutcome<Result>,
): ItemReport<Result> {
  return { index, ...(key === undefined ? {} : { key }), attempts: attempt, ...outcome };
}

function byIndex(first: { readonly index: number }, second: { readonly index: number }): number {
  return first.index - second.index;
}
