/** Tells apart the series of one name; few values each, never ids or texts of users. */
export type MetricLabels = Readonly<Record<string, string>>;

/** Only grows. */
export interface Counter {
  /** Adds a finite number of at least 0; anything else is ignored. Default: 1. */
  add(amount?: number): void;
}

/** Keeps how values are distributed, in memory that does not grow with their number. */
export interface Histogram {
  /** Takes a finite number of at least 0; anything else is ignored. */
  record(value: number): void;
}

/** One counter at the moment of the snapshot. */
export interface CounterSnapshot {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly value: number;
}

/** One histogram at the moment of the snapshot. */
export interface HistogramSnapshot {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly count: number;
  readonly sum: number;
  /** Exact. */
  readonly min: number;
  /** Exact. */
  readonly max: number;
  /** At most 1 % away from the value of that rank, as are the next two. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** All metrics at one moment, sorted by name and labels. */
export interface MetricsSnapshot {
  readonly counters: readonly CounterSnapshot[];
  readonly histograms: readonly HistogramSnapshot[];
  /** Requests for a series that were answered with an overflow series. */
  readonly overflowed: number;
}

/**
 * Owns counters and histograms. The same name and labels always give the same
 * one. No method throws.
 *
 * Beyond `seriesMax` a new series of a known name is counted under that name
 * with the label `overflow="true"`, and a new name under `overflow`, so that
 * memory stays bounded whatever the labels hold.
 */
export interface MetricsRegistry {
  counter(name: string, labels?: MetricLabels): Counter;
  histogram(name: string, labels?: MetricLabels): Histogram;
  snapshot(): MetricsSnapshot;
}

/** How much a registry keeps. */
export interface MetricsRegistryOptions {
  /** Counters, and as many histograms. Default: 1,000; maximum 100,000. */
  readonly seriesMax?: number;
}

/** What a registry keeps when nothing is said. */
export const metricsRegistryDefaults: { readonly seriesMax: 1_000 } = Object.freeze({
  seriesMax: 1_000,
});
