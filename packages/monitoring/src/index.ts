// Logs.
export { createLogger } from "./create-logger.ts";
export { type LogFields, type Logger, loggerDefaults, type LoggerOptions } from "./logger.ts";
export { type LogLevel, logLevels, type LogThreshold } from "./log-level.ts";
export { redactedFields } from "./redacted-fields.ts";

// Metrics.
export { createMetricsRegistry } from "./create-metrics-registry.ts";
export {
  type Counter,
  type CounterSnapshot,
  type Histogram,
  type HistogramSnapshot,
  type MetricLabels,
  type MetricsRegistry,
  metricsRegistryDefaults,
  type MetricsRegistryOptions,
  type MetricsSnapshot,
} from "./metrics-registry.ts";

// What joins the events of other packages to logs and metrics.
export { type EventObserver, type ObservedEvent } from "./observed-event.ts";
export { observeAsLogs, type ObserveAsLogsOptions } from "./observe-as-logs.ts";
export { observeAsMetrics, type ObserveAsMetricsOptions } from "./observe-as-metrics.ts";
export { observeWithAll } from "./observe-with-all.ts";

// Errors.
export { type MonitoringErrorCode, monitoringErrorCodes } from "./errors.ts";
