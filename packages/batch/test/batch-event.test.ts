import { createBatchCoordinator, type BatchEvent, type BatchProgress } from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import { describe, expect, it } from "vitest";

function failOdd(item: number): number {
  if (item % 2 === 1) throw new AtlasError("task.odd", "The number is odd.");
  return item * 10;
}

describe("B2: progress events", () => {
  it("tell start, every batch and the end", async () => {
    const events: BatchEvent[] = [];
    const progress: BatchProgress[] = [];
    const watched = createBatchCoordinator({
      clock: () => 5,
      onEvent: (event) => events.push(event),
    });

    await watched.process([0, 1, 2], failOdd, {
      name: "numbers",
      batchSize: 2,
      onProgress: (state) => progress.push(state),
    });

    const first = { done: 2, total: 3, succeeded: 1, failed: 1, skipped: 0 };
    const second = { done: 3, total: 3, succeeded: 2, failed: 1, skipped: 0 };
    const of = { job: 1, name: "numbers" };
    const batch = { skipped: 0, rolledBack: 0, retries: 0, durationMs: 0, concurrency: 1 };
    expect(progress).toEqual([first, second]);
    expect(events).toEqual([
      {
        ...of,
        type: "batch.started",
        mode: "item-by-item",
        strategy: "sequential",
        batchSize: 2,
        concurrency: 1,
      },
      { ...of, type: "batch.processed", items: 2, succeeded: 1, failed: 1, ...batch },
      { ...of, type: "batch.progress", ...first },
      { ...of, type: "batch.processed", items: 1, succeeded: 1, failed: 0, ...batch },
      { ...of, type: "batch.progress", ...second },
      {
        ...of,
        type: "batch.completed",
        total: 3,
        succeeded: 2,
        failed: 1,
        skipped: 0,
        cancelled: 0,
        rolledBack: 0,
        durationMs: 0,
        retries: 0,
      },
    ]);
  });

  it("leave the total and the time that remains out while they are not known", async () => {
    const progress: BatchProgress[] = [];
    let now = 0;

    await createBatchCoordinator({ clock: () => (now += 1) }).process(
      new Set([1]),
      (item) => item,
      { onProgress: (state) => progress.push(state) },
    );

    const { itemsPerSecond, ...rest } = progress[0]!;
    expect(rest).toEqual({ done: 1, succeeded: 1, failed: 0, skipped: 0 });
    expect(itemsPerSecond).toBeGreaterThan(0);
  });

  it("tell the rate, and the time that remains at it", async () => {
    const progress: BatchProgress[] = [];
    let now = 0;
    const watched = createBatchCoordinator({ clock: () => now });

    await watched.process(
      Array.from({ length: 100 }, (_, at) => at),
      () => {
        now += 10;
      },
      { batchSize: 10, onProgress: (state) => progress.push(state) },
    );

    expect(progress.map((state) => Math.round(state.itemsPerSecond ?? 0))).toEqual(
      progress.map(() => 100),
    );
    expect(progress.map((state) => Math.round(state.remainingMs ?? -1))).toEqual([
      900, 800, 700, 600, 500, 400, 300, 200, 100, 0,
    ]);
  });

  it("cannot change the outcome by throwing", async () => {
    const fail = () => {
      throw new Error("observer");
    };

    const result = await createBatchCoordinator({ onEvent: fail }).process([1], (item) => item, {
      onProgress: fail,
    });

    expect(result.ok).toBe(true);
  });
});
