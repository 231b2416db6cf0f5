import { analyze, type ErrorCode } from "@atlas/errors";
import type { BatchEntry, ItemOutcome } from "./batch-processor.ts";
import type {
  BatchErrorSummary,
  BatchResult,
  ItemReport,
  ItemStatus,
  StopReason,
} from "./batch-result.ts";

/** How much of the reports is kept. */
export interface CollectorLimits {
  readonly failuresMax: number;
  readonly outcomesMax: number;
}

/** Why and by what a batch was stopped. */
export interface Stop {
  readonly reason: StopReason;
  readonly error?: unknown;
}

/** Gathers the final fates of items, in memory bounded by its limits. */
export class ResultCollector<Result> {
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
  #truncated = false;

  constructor(limits: CollectorLimits) {
    this.#limits = limits;
  }

  add(entry: BatchEntry<unknown>, outcome: ItemOutcome<Result>): void {
    this.counts.total += 1;
    this.counts[outcome.status] += 1;
    const { failuresMax, outcomesMax } = this.#limits;
    const report = reportOf(entry, outcome);
    if (outcome.status !== "succeeded") this.#keep(this.#failures, report, failuresMax);
    if (outcomesMax > 0) this.#keep(this.#outcomes, report, outcomesMax);
    if ("error" in outcome) this.#count(outcome.error, entry.index);
  }

  result(stop: Stop | undefined, durationMs: number): BatchResult<Result> {
    const { total, succeeded } = this.counts;
    return {
      ok: stop === undefined && succeeded === total,
      counts: { ...this.counts },
      failures: this.#failures.toSorted(byIndex),
      outcomes: this.#outcomes.toSorted(byIndex),
      truncated: this.#truncated,
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
