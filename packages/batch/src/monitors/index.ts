// Monitors, to be fed with events.
export {
  type BatchAlert,
  type BatchPerformanceMonitor,
  createBatchPerformanceMonitor,
  type PerformanceMonitorOptions,
  performanceThresholds,
  type PerformanceThresholds,
  type TrackedBatch,
} from "./performance-monitor.ts";
export { type BatchRecommendation, type BatchRecommendations } from "./recommendations.ts";
export {
  type BatchProgressMonitor,
  createBatchProgressMonitor,
  type ProgressMonitorOptions,
  type WatchedJob,
} from "./progress-monitor.ts";
export {
  type BatchHealth,
  type BatchHealthMonitor,
  createBatchHealthMonitor,
  type HealthLimits,
  type HealthMonitorOptions,
} from "./health-monitor.ts";
