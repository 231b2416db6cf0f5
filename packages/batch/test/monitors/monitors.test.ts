import { type BatchMetrics, createBatchCoordinator } from "@atlas/batch";
import {
  type BatchAlert,
  createBatchHealthMonitor,
  createBatchPerformanceMonitor,
  createBatchProgressMonitor,
  performanceThresholds,
} from "@atlas/batch/monitors";
import { AtlasError } from "@atlas/errors";
import { describe, expect, it } from "vitest";

function metrics(given: Partial<BatchMetrics> = {}): BatchMetrics {
  const { items = 100 } = given;
  return {
    items,
    succeeded: items,
    failed: 0,
    skipped: 0,
    rolledBack: 0,
    retries: 0,
    durationMs: 100,
    concurrency: 1,
    ...given,
  };
}

describe("B2: the performance monitor", () => {
  it("alerts when a batch is above a threshold, and keeps the newest", () => {
    const told: BatchAlert[] = [];
    const monitor = createBatchPerformanceMonitor({
      historyMax: 3,
      alertsMax: 2,
      onAlert: (alert) => {
        told.push(alert);
        throw new Error("observer");
      },
    });

    expect(monitor.trackBatch("fine", metrics())).toEqual([]);
    expect(monitor.trackBatch("slow", metrics({ items: 1, durationMs: 101 }))).toEqual([
      { type: "SLOW_ITEMS", batchId: "slow", value: 101, threshold: 100 },
    ]);
    monitor.trackBatch("long", metrics({ items: 1_000, durationMs: 10_001 }));
    monitor.trackBatch("bad", metrics({ failed: 6, rolledBack: 5, retries: 26 }));

    expect(told.map(({ type, batchId }) => `${batchId}: ${type}`)).toEqual([
      "slow: SLOW_ITEMS",
      "long: SLOW_BATCH_PROCESSING",
      "bad: MANY_FAILURES",
      "bad: MANY_RETRIES",
    ]);
    expect(monitor.alerts()).toEqual(told.slice(2));
    expect(monitor.history().map(({ batchId }) => batchId)).toEqual(["slow", "long", "bad"]);
  });

  it("is fed by a coordinator", async () => {
    const monitor = createBatchPerformanceMonitor();
    const coordinator = createBatchCoordinator({ onEvent: monitor.observe });

    await coordinator.process([1, 2, 3], (item) => item, { name: "import", batchSize: 2 });

    expect(monitor.history()).toMatchObject([
      { batchId: "import/1", metrics: { items: 2, succeeded: 2, concurrency: 1 } },
      { batchId: "import/2", metrics: { items: 1 } },
    ]);
  });

  it("recommends the size and concurrency that were clearly faster, with the reason", () => {
    const monitor = createBatchPerformanceMonitor();
    for (let batch = 0; batch < 20; batch += 1) monitor.trackBatch("a", metrics());
    for (let batch = 0; batch < 5; batch += 1) {
      monitor.trackBatch("b", metrics({ items: 500, durationMs: 200 }));
      monitor.trackBatch("c", metrics({ concurrency: 4, durationMs: 110 }));
    }

    const { batchSize, concurrency, attemptsMax } = monitor.getRecommendations();

    expect(batchSize?.value).toBe(500);
    expect(batchSize?.reason).toMatch(/500 items per batch reached 2500 .* 100 reached 1000/);
    expect(concurrency).toMatchObject({ value: 4 });
    expect(attemptsMax).toBeUndefined();
  });

  it("recommends nothing without enough to go by", () => {
    const monitor = createBatchPerformanceMonitor();
    for (let batch = 0; batch < 4; batch += 1) monitor.trackBatch("a", metrics({ items: 500 }));

    expect(monitor.getRecommendations()).toEqual({});
  });

  it("recommends fewer at a time when items keep colliding, and to stop trying in vain", () => {
    const monitor = createBatchPerformanceMonitor();
    for (let batch = 0; batch < 6; batch += 1) {
      monitor.trackBatch("a", metrics({ concurrency: 8, retries: 20, failed: 15 }));
    }

    const { concurrency, attemptsMax } = monitor.getRecommendations();

    expect(concurrency?.value).toBe(4);
    expect(concurrency?.reason).toMatch(/120 of 600 items/);
    expect(attemptsMax?.value).toBe(1);
  });

  it("recommends more attempts when most of them helped", () => {
    const monitor = createBatchPerformanceMonitor();
    for (let batch = 0; batch < 6; batch += 1) {
      monitor.trackBatch("a", metrics({ retries: 20, failed: 1 }));
    }

    expect(monitor.getRecommendations().attemptsMax?.value).toBe(5);
  });

  it("refuses options out of range, and its thresholds are stable", () => {
    expect(() => createBatchPerformanceMonitor({ historyMax: 0 })).toThrow(/historyMax/);
    expect(() => createBatchPerformanceMonitor({ thresholds: { ms: 1 } as object })).toThrow(
      /"ms"/,
    );
    expect(performanceThresholds).toEqual({
      itemMs: 100,
      batchMs: 10_000,
      failedPercent: 10,
      retriedPercent: 25,
    });
  });
});

describe("B2: the progress monitor", () => {
  it("knows the jobs of a coordinator from beginning to end", async () => {
    const monitor = createBatchProgressMonitor();
    const coordinator = createBatchCoordinator({ onEvent: monitor.observe });
    const job = coordinator.start([1, 2, 3], (item) => item, { name: "import", batchSize: 2 });
    await job.pause();
    expect(monitor.jobs()).toMatchObject([{ job: 1, name: "import", state: "paused" }]);
    job.resume();
    await job.result;

    expect(monitor.jobs()).toMatchObject([
      {
        job: 1,
        name: "import",
        state: "ended",
        batchSize: 2,
        concurrency: 1,
        progress: { done: 3, total: 3, succeeded: 3 },
        retries: 0,
      },
    ]);
  });

  it("forgets ended jobs first", async () => {
    const monitor = createBatchProgressMonitor({ jobsMax: 2 });
    const coordinator = createBatchCoordinator({ onEvent: monitor.observe });
    const open = coordinator.start([1], (item) => item);
    await open.pause();
    for (let job = 2; job <= 4; job += 1) await coordinator.process([1], (item) => item);

    expect(monitor.jobs().map(({ job }) => job)).toEqual([1, 4]);
    open.resume();
    await open.result;
  });

  it("counts retries and says why a job was stopped", async () => {
    const monitor = createBatchProgressMonitor();
    const coordinator = createBatchCoordinator({
      onEvent: monitor.observe,
      sleep: () => Promise.resolve(),
    });
    const busy = new AtlasError("storage.busy", "Try again.", { retryable: true });

    await coordinator.process([1, 2], () => Promise.reject(busy), { skipLimit: 0 });

    expect(monitor.jobs()).toMatchObject([{ retries: 2, stopped: "skipLimit" }]);
  });
});

describe("B2: the health monitor", () => {
  const readings = (memory: number, cpu: number) => ({ memory: () => memory, cpu: () => cpu });

  it.each([
    { memory: 0.5, cpu: 0.5, failed: 0, status: "healthy", reasons: 0 },
    { memory: 0.9, cpu: 0.5, failed: 0, status: "degraded", reasons: 1 },
    { memory: 0.5, cpu: 0.99, failed: 0, status: "degraded", reasons: 1 },
    { memory: 0.5, cpu: 0.5, failed: 1, status: "degraded", reasons: 1 },
    { memory: 0.9, cpu: 0.5, failed: 1, status: "unhealthy", reasons: 2 },
    { memory: 0.5, cpu: 0.5, failed: 2, status: "unhealthy", reasons: 1 },
  ])("memory $memory, cpu $cpu and $failed of 2 failed is $status", async (given) => {
    const { memory, cpu, failed, status, reasons } = given;
    const monitor = createBatchHealthMonitor({ readings: readings(memory, cpu) });
    const coordinator = createBatchCoordinator({ onEvent: monitor.observe });

    await coordinator.process([0, 1], (item) => {
      if (item < failed) throw new AtlasError("task.bad", "No.");
    });

    const health = monitor.getStatus();
    expect(health).toMatchObject({ status, memory, cpu, failed: failed / 2 });
    expect(health.reasons).toHaveLength(reasons);
  });

  it("reads this process when nothing else is given", () => {
    const { memory, cpu } = createBatchHealthMonitor().getStatus();
    for (const share of [memory, cpu]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(memory).toBeGreaterThan(0);
  });
});
