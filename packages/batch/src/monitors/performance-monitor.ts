import { checkOptions } from "@atlas/errors";
import type { BatchEvent, BatchMetrics } from "../batch-event.ts";
import { BoundedList } from "./bounded-list.ts";
import { type BatchRecommendations, recommend } from "./recommendations.ts";

/** Above which a batch is worth an alert. */
export interface PerformanceThresholds {
  /** Mean time of one item in its batch, in ms. Default: 100; maximum 3,600,000. */
  readonly itemMs?: number;
  /** Time of one batch, in ms. Default: 10,000; maximum 86,400,000. */
  readonly batchMs?: number;
  /** Share of items that failed or were rolled back, in percent. Default: 10. */
  readonly failedPercent?: number;
  /** Attempts after the first per item, in percent. Default: 25; maximum 10,000. */
  readonly retriedPercent?: number;
}

/** A batch that was above a threshold. */
export interface BatchAlert {
  readonly type: "SLOW_ITEMS" | "SLOW_BATCH_PROCESSING" | "MANY_FAILURES" | "MANY_RETRIES";
  readonly batchId: string;
  readonly value: number;
  readonly threshold: number;
}

/** A batch that was tracked. */
export interface TrackedBatch {
  readonly batchId: string;
  readonly metrics: BatchMetrics;
}

/** How a performance monitor judges and what it keeps. */
export interface PerformanceMonitorOptions {
  readonly thresholds?: PerformanceThresholds;
  /** Batches kept. Default: 1,000; maximum 100,000. */
  readonly historyMax?: number;
  /** Alerts kept. Default: 100; maximum 10,000. */
  readonly alertsMax?: number;
  /** Told of each alert; what it throws is ignored. Default: none. */
  readonly onAlert?: (alert: BatchAlert) => void;
}

/** Watches how fast batches are, and says what could be done about it. */
export interface BatchPerformanceMonitor {
  /** Fits `onEvent` of a coordinator. */
  readonly observe: (event: BatchEvent) => void;
  /** Takes the figures of one batch; answers with the thresholds that it broke. */
  trackBatch(batchId: string, metrics: BatchMetrics): readonly BatchAlert[];
  /** What was tracked, the oldest first. */
  history(): readonly TrackedBatch[];
  /** What was above a threshold, the oldest first. */
  alerts(): readonly BatchAlert[];
  /** What the history speaks for, each with the reason; nothing where it does not tell. */
  getRecommendations(): BatchRecommendations;
}

/** What is watched for when nothing is said. */
export const performanceThresholds: Required<PerformanceThresholds> = Object.freeze({
  itemMs: 100,
  batchMs: 10_000,
  failedPercent: 10,
  retriedPercent: 25,
});

/**
 * Makes a monitor that keeps figures of the newest batches.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createBatchPerformanceMonitor(
  options: PerformanceMonitorOptions = {},
): BatchPerformanceMonitor {
  checkOptions<PerformanceMonitorOptions>("createBatchPerformanceMonitor", options, {
    thresholds: "any",
    historyMax: { min: 1, max: 100_000 },
    alertsMax: { min: 1, max: 10_000 },
    onAlert: "any",
  });
  checkOptions<PerformanceThresholds>("createBatchPerformanceMonitor", options.thresholds ?? {}, {
    itemMs: { min: 0, max: 3_600_000 },
    batchMs: { min: 0, max: 86_400_000 },
    failedPercent: { min: 0, max: 100 },
    retriedPercent: { min: 0, max: 10_000 },
  });
  const thresholds = { ...performanceThresholds, ...options.thresholds };
  const history = new BoundedList<TrackedBatch>(options.historyMax ?? 1_000);
  const alerts = new BoundedList<BatchAlert>(options.alertsMax ?? 100);
  let batches = 0;

  const monitor: BatchPerformanceMonitor = {
    observe(event) {
      if (event.type !== "batch.processed") return;
      batches += 1;
      monitor.trackBatch(`${event.name ?? event.job}/${batches}`, event);
    },
    trackBatch(batchId, metrics) {
      const { items, succeeded, failed, skipped, rolledBack } = metrics;
      const { retries, durationMs, concurrency } = metrics;
      const fates = { items, succeeded, failed, skipped, rolledBack };
      history.push({ batchId, metrics: { ...fates, retries, durationMs, concurrency } });
      const found = alertsOf(batchId, metrics, thresholds);
      for (const alert of found) {
        alerts.push(alert);
        try {
          options.onAlert?.(alert);
        } catch {
          // The observer's own problem.
        }
      }
      return found;
    },
    history: () => history.toArray(),
    alerts: () => alerts.toArray(),
    getRecommendations: () => recommend(history.toArray().map(({ metrics }) => metrics)),
  };
  return monitor;
}

function alertsOf(
  batchId: string,
  { items, failed, rolledBack, retries, durationMs }: BatchMetrics,
  thresholds: Required<PerformanceThresholds>,
): readonly BatchAlert[] {
  const perItem = Math.max(1, items);
  const checks = [
    ["SLOW_ITEMS", durationMs / perItem, thresholds.itemMs],
    ["SLOW_BATCH_PROCESSING", durationMs, thresholds.batchMs],
    ["MANY_FAILURES", ((failed + rolledBack) / perItem) * 100, thresholds.failedPercent],
    ["MANY_RETRIES", (retries / perItem) * 100, thresholds.retriedPercent],
  ] as const;
  return checks.flatMap(([type, value, threshold]) =>
    value > threshold ? [{ type, batchId, value, threshold }] : [],
  );
}
