import type { BatchMetrics } from "../batch-event.ts";

/** Something worth changing, and why. */
export interface BatchRecommendation {
  readonly value: number;
  readonly reason: string;
}

/** What a history of batches speaks for. */
export interface BatchRecommendations {
  readonly batchSize?: BatchRecommendation;
  readonly concurrency?: BatchRecommendation;
  /** `retry.attemptsMax`. */
  readonly attemptsMax?: BatchRecommendation;
}

/** Batches of a kind from which something can be learned. */
const batchesMin = 5;
/** By how much another setting has to be faster to be worth a change. */
const gainMin = 1.1;
/** Share of items that were tried again above which there is too much at a time. */
const crowdedMin = 0.1;

/** Reads recommendations from the figures of batches. */
export function recommend(history: readonly BatchMetrics[]): BatchRecommendations {
  const size = fastest(history, ({ items }) => items, "items per batch");
  const width =
    crowded(history) ??
    fastest(history, ({ concurrency }) => concurrency, "batches at the same time");
  const attempts = retryAdvice(history);
  return {
    ...(size === undefined ? {} : { batchSize: size }),
    ...(width === undefined ? {} : { concurrency: width }),
    ...(attempts === undefined ? {} : { attemptsMax: attempts }),
  };
}

/** The value with the highest throughput, when it is clearly faster than the one mostly used. */
function fastest(
  history: readonly BatchMetrics[],
  valueOf: (metrics: BatchMetrics) => number,
  unit: string,
): BatchRecommendation | undefined {
  const groups = new Map<number, number[]>();
  for (const metrics of history) {
    if (metrics.durationMs <= 0) continue;
    const value = valueOf(metrics);
    // By Little's law: what is in work, divided by how long it stays.
    const rate = (metrics.items * metrics.concurrency * 1_000) / metrics.durationMs;
    groups.set(value, [...(groups.get(value) ?? []), rate]);
  }
  const known = [...groups]
    .filter(([, rates]) => rates.length >= batchesMin)
    .map(([value, rates]) => ({ value, batches: rates.length, rate: median(rates) }));
  const usual = known.toSorted((first, second) => second.batches - first.batches)[0];
  const best = known.toSorted((first, second) => second.rate - first.rate)[0];
  if (usual === undefined || best === undefined || best.rate < usual.rate * gainMin) {
    return undefined;
  }
  return {
    value: best.value,
    reason:
      `${best.value} ${unit} reached ${Math.round(best.rate)} items per second ` +
      `(median of ${best.batches} batches), the usual ${usual.value} reached ` +
      `${Math.round(usual.rate)}.`,
  };
}

/** Fewer at a time, when many items had to be tried again or were rolled back. */
function crowded(history: readonly BatchMetrics[]): BatchRecommendation | undefined {
  const parallel = history.filter(({ concurrency }) => concurrency > 1);
  const items = sum(parallel, ({ items: count }) => count);
  const troubled = sum(parallel, ({ retries, rolledBack }) => retries + rolledBack);
  if (parallel.length < batchesMin || troubled <= items * crowdedMin) return undefined;
  const usual = median(parallel.map(({ concurrency }) => concurrency));
  return {
    value: Math.max(1, Math.floor(usual / 2)),
    reason:
      `${troubled} of ${items} items were tried again or rolled back with about ${usual} ` +
      "batches at the same time.",
  };
}

/** Fewer attempts, when trying again hardly ever helped; more, when it mostly did. */
function retryAdvice(history: readonly BatchMetrics[]): BatchRecommendation | undefined {
  const tried = history.filter(({ retries }) => retries > 0);
  const retries = sum(tried, (metrics) => metrics.retries);
  const lost = sum(tried, ({ failed, rolledBack }) => failed + rolledBack);
  if (tried.length < batchesMin) return undefined;
  if (lost >= retries / 2) {
    return {
      value: 1,
      reason: `${retries} further attempts left ${lost} items undone all the same.`,
    };
  }
  if (lost === 0) return undefined;
  return {
    value: 5,
    reason: `Of ${retries} further attempts most helped, but ${lost} items needed still more.`,
  };
}

function sum<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((first, second) => first - second)[values.length >> 1] ?? 0;
}
