import {
  createMetricsRegistry,
  observeAsLogs,
  observeAsMetrics,
  observeWithAll,
} from "@atlas/monitoring";
import type { Scope } from "../container/scope.ts";
import { LoggerToken, MetricsToken, ObserverToken, RuntimeToken } from "../container/tokens.ts";

/** Provides the log, the metrics, and the observer that feeds both. */
export function provideMonitoring(scope: Scope): void {
  scope.provide(LoggerToken, (root) => root.use(RuntimeToken).logger);
  scope.provide(MetricsToken, () => createMetricsRegistry());
  scope.provide(ObserverToken, (root) =>
    observeWithAll(observeAsLogs(root.use(LoggerToken)), observeAsMetrics(root.use(MetricsToken))),
  );
}
