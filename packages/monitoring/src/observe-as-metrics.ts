import { analyze, checkOptions } from "@atlas/errors";
import type { MetricLabels, MetricsRegistry } from "./metrics-registry.ts";
import { nameOf, type EventObserver, type ObservedEvent } from "./observed-event.ts";

/** How events become metrics. */
export interface ObserveAsMetricsOptions {
  /** Put before types that do not begin with it, such as `storage`. Default: nothing. */
  readonly source?: string;
  /** Fields that become labels when they are texts or booleans of few values. Default: none. */
  readonly labels?: readonly string[];
}

/**
 * Makes an observer that counts.
 *
 * Each event adds one to the counter of its type; each number in it goes into
 * the histogram `type.field`; an `error` adds one to the counter `errors`,
 * labelled with the event's type and the code that `analyze` finds.
 *
 * @throws {AtlasError} configuration.unknown_option
 */
export function observeAsMetrics(
  metrics: MetricsRegistry,
  options: ObserveAsMetricsOptions = {},
): EventObserver {
  checkOptions<ObserveAsMetricsOptions>("observeAsMetrics", options, {
    source: "any",
    labels: "any",
  });
  const { source } = options;
  const labelFields = [...(options.labels ?? [])];
  return (event) => {
    const name = nameOf(event, source);
    const labels = labelsOf(event, labelFields);
    metrics.counter(name, labels).add();
    for (const [field, value] of Object.entries(event)) {
      if (typeof value === "number") metrics.histogram(`${name}.${field}`, labels).record(value);
      if (field === "error" && value !== undefined) {
        metrics.counter("errors", { event: name, code: analyze(value).code }).add();
      }
    }
  };
}

function labelsOf(event: ObservedEvent, fields: readonly string[]): MetricLabels {
  const labels: Record<string, string> = {};
  for (const [field, value] of Object.entries(event)) {
    if (!fields.includes(field)) continue;
    if (typeof value === "string" || typeof value === "boolean") labels[field] = String(value);
  }
  return labels;
}
