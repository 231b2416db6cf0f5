import { createBatchCoordinator, type BatchEvent, type BatchProgress } from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import { describe, expect, it } from "vitest";

const coordinator = createBatchCoordinator();

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
      batchSize: 2,
      onProgress: (state) => progress.push(state),
    });

    const first = { done: 2, total: 3, succeeded: 1, failed: 1, skipped: 0 };
    const second = { done: 3, total: 3, succeeded: 2, failed: 1, skipped: 0 };
    expect(progress).toEqual([first, second]);
    expect(events).toEqual([
      {
        type: "batch.started",
        mode: "item-by-item",
        strategy: "sequential",
        batchSize: 2,
        concurrency: 1,
      },
      { type: "batch.progress", ...first },
      { type: "batch.progress", ...second },
      {
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

  it("leave the total out while it is not known", async () => {
    const progress: BatchProgress[] = [];

    await coordinator.process(new Set([1]), (item) => item, {
      onProgress: (state) => progress.push(state),
    });

    expect(progress).toEqual([{ done: 1, succeeded: 1, failed: 0, skipped: 0 }]);
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
