import { checkOptions } from "@atlas/errors";
import { createSystemReadings, type SystemReadings } from "../adaptive/system-readings.ts";
import type { BatchEvent } from "../batch-event.ts";
import { BoundedList } from "./bounded-list.ts";

/** From which share on something is not well, in percent. */
export interface HealthLimits {
  /** Default: 85. */
  readonly memoryPercent?: number;
  /** Default: 95. */
  readonly cpuPercent?: number;
  /** Of items that failed or were rolled back. Default: 10. */
  readonly failedPercent?: number;
}

/** What a health monitor reads and how it judges. */
export interface HealthMonitorOptions {
  readonly limits?: HealthLimits;
  /** Batches over which failures are counted. Default: 100; maximum 10,000. */
  readonly batchesMax?: number;
  /** Default: of this process. */
  readonly readings?: SystemReadings;
}

/** How the machine and the work on it are doing. */
export interface BatchHealth {
  /** Degraded: something is above its limit. Unhealthy: more than one thing, or every item fails. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  /** Shares from 0 to 1. */
  readonly memory: number;
  readonly cpu: number;
  readonly failed: number;
  /** One sentence for each thing that is not well. */
  readonly reasons: readonly string[];
}

/** Says whether batches are in good hands. */
export interface BatchHealthMonitor {
  /** Fits `onEvent` of a coordinator. */
  readonly observe: (event: BatchEvent) => void;
  /** Reads memory and processor now; failures are those of the newest batches. */
  getStatus(): BatchHealth;
}

/**
 * Makes a monitor that judges the newest batches and the process they run in.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createBatchHealthMonitor(options: HealthMonitorOptions = {}): BatchHealthMonitor {
  const percent = { min: 1, max: 100 };
  checkOptions<HealthMonitorOptions>("createBatchHealthMonitor", options, {
    limits: "any",
    batchesMax: { min: 1, max: 10_000 },
    readings: "any",
  });
  checkOptions<HealthLimits>("createBatchHealthMonitor", options.limits ?? {}, {
    memoryPercent: percent,
    cpuPercent: percent,
    failedPercent: percent,
  });
  const { readings = createSystemReadings() } = options;
  const { memoryPercent = 85, cpuPercent = 95, failedPercent = 10 } = options.limits ?? {};
  const batches = new BoundedList<{ readonly items: number; readonly failed: number }>(
    options.batchesMax ?? 100,
  );
  return {
    observe(event) {
      if (event.type !== "batch.processed") return;
      batches.push({ items: event.items, failed: event.failed + event.rolledBack });
    },
    getStatus() {
      const seen = batches.toArray();
      const items = seen.reduce((total, batch) => total + batch.items, 0);
      const lost = seen.reduce((total, batch) => total + batch.failed, 0);
      const failed = items === 0 ? 0 : lost / items;
      const [memory, cpu] = [readings.memory(), readings.cpu()];
      const reasons = [
        ...above("of the memory is in use", memory, memoryPercent),
        ...above("of the processor is in use", cpu, cpuPercent),
        ...above("of the items of the last batches failed", failed, failedPercent),
      ];
      const bad = reasons.length > 1 || failed === 1;
      const status = reasons.length === 0 ? "healthy" : bad ? "unhealthy" : "degraded";
      return { status, memory, cpu, failed, reasons };
    },
  };
}

function above(what: string, share: number, percentMax: number): readonly string[] {
  if (share * 100 <= percentMax) return [];
  return [`${Math.round(share * 100)} % ${what}; ${percentMax} % is the limit.`];
}
