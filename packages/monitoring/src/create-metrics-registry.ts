import { checkOptions } from "@atlas/errors";
import { LogBucketHistogram } from "./log-bucket-histogram.ts";
import {
  metricsRegistryDefaults,
  type Counter,
  type Histogram,
  type MetricLabels,
  type MetricsRegistry,
  type MetricsRegistryOptions,
  type MetricsSnapshot,
} from "./metrics-registry.ts";
import { SeriesTable } from "./series-table.ts";
import { SumCounter } from "./sum-counter.ts";

/**
 * Makes an empty registry.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createMetricsRegistry(options: MetricsRegistryOptions = {}): MetricsRegistry {
  checkOptions<MetricsRegistryOptions>("createMetricsRegistry", options, {
    seriesMax: { min: 1, max: 100_000 },
  });
  return new Registry(options.seriesMax ?? metricsRegistryDefaults.seriesMax);
}

class Registry implements MetricsRegistry {
  readonly #counters: SeriesTable<SumCounter>;
  readonly #histograms: SeriesTable<LogBucketHistogram>;

  constructor(seriesMax: number) {
    this.#counters = new SeriesTable(seriesMax, () => new SumCounter());
    this.#histograms = new SeriesTable(seriesMax, () => new LogBucketHistogram());
  }

  counter(name: string, labels: MetricLabels = {}): Counter {
    return this.#counters.find(name, labels);
  }

  histogram(name: string, labels: MetricLabels = {}): Histogram {
    return this.#histograms.find(name, labels);
  }

  snapshot(): MetricsSnapshot {
    return {
      counters: this.#counters
        .sorted()
        .map(({ name, labels, metric }) => ({ name, labels, value: metric.value })),
      histograms: this.#histograms.sorted().map(({ name, labels, metric }) => ({
        name,
        labels,
        count: metric.count,
        sum: metric.sum,
        min: metric.min,
        max: metric.max,
        p50: metric.quantile(0.5),
        p95: metric.quantile(0.95),
        p99: metric.quantile(0.99),
      })),
      overflowed: this.#counters.overflowed + this.#histograms.overflowed,
    };
  }
}
