import {
  type BatchEvent,
  type BatchSettings,
  createBatchCoordinator,
  type FailedItem,
} from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function failOdd(item: number): number {
  if (item % 2 === 1) throw new AtlasError("task.odd", "The number is odd.");
  return item;
}

describe("B5: a job that is steered", () => {
  it("tells its state and how far it is", async () => {
    const job = coordinator.start(numbers(10), (item) => item, { batchSize: 5 });
    expect(job.state).toBe("running");
    expect(job.progress).toEqual({ done: 0, total: 10, succeeded: 0, failed: 0, skipped: 0 });

    await job.result;

    expect(job.state).toBe("ended");
    expect(job.progress).toMatchObject({ done: 10, total: 10, succeeded: 10 });
  });

  it("pauses between batches, and the pause is told", async () => {
    const events: string[] = [];
    let done = 0;
    const job = createBatchCoordinator({ onEvent: ({ type }) => events.push(type) }).start(
      numbers(100),
      async () => {
        await setTimeout(0);
        done += 1;
      },
      { strategy: "concurrent", concurrency: 3 },
    );
    await setTimeout(2);

    await job.pause();
    const before = done;
    await job.pause();
    await setTimeout(5);

    expect([job.state, done]).toEqual(["paused", before]);
    expect(before).toBeLessThan(100);
    job.resume();
    job.resume();
    expect((await job.result).counts.succeeded).toBe(100);
    await job.pause();
    expect(job.state).toBe("ended");
    expect(events.filter((type) => /paused|resumed/.test(type))).toEqual([
      "batch.paused",
      "batch.resumed",
    ]);
  });

  it("holds a batch that a slow input brings during a pause", async () => {
    const input = Promise.withResolvers<number>();
    const seen: number[] = [];
    async function* slow(): AsyncGenerator<number> {
      yield await input.promise;
    }
    const job = coordinator.start(slow(), (item) => seen.push(item));

    await job.pause();
    input.resolve(7);
    await setTimeout(2);

    expect(seen).toEqual([]);
    job.resume();
    await job.result;
    expect(seen).toEqual([7]);
  });

  it("is cancelled also while it is paused", async () => {
    const job = coordinator.start(numbers(100), () => setTimeout(0));
    await job.pause();

    job.cancel();
    job.cancel();

    const result = await job.result;
    expect(result.stopped).toBe("cancelled");
    expect(result.counts.total).toBe(100);
    expect(result.counts.cancelled).toBeGreaterThan(90);
  });

  it("is cancelled and waited for when it is disposed of", async () => {
    let running = 0;
    {
      await using job = coordinator.start(numbers(100), async () => {
        running += 1;
        await setTimeout(1);
        running -= 1;
      });
      await setTimeout(3);
      expect(job.state).toBe("running");
    }
    expect(running).toBe(0);
  });

  it("refuses options at once and nothing else", () => {
    expect(() => coordinator.start([1], (item) => item, { batchSize: 0 })).toThrow(/batchSize/);
  });
});

describe("B5: options that are changed while a job runs", () => {
  it("hold from the next batch on, and are told", async () => {
    const events: BatchEvent[] = [];
    let most = 0;
    let running = 0;
    const job = createBatchCoordinator({ onEvent: (event) => events.push(event) }).start(
      numbers(400),
      async () => {
        running += 1;
        most = Math.max(most, running);
        await setTimeout(0);
        running -= 1;
      },
      { strategy: "concurrent", concurrency: 1, batchSize: 1 },
    );
    await setTimeout(3);
    await job.pause();
    const before = events.filter(({ type }) => type === "batch.processed").length;
    expect(most).toBe(1);

    job.configure({ batchSize: 10, concurrency: 5 });
    job.resume();
    await job.result;

    expect(job.settings).toEqual({ batchSize: 10, concurrency: 5 });
    expect(most).toBe(5);
    const sizes = events.flatMap((event) =>
      event.type === "batch.processed" ? [event.items] : [],
    );
    expect(Math.max(...sizes.slice(0, before))).toBe(1);
    expect(Math.max(...sizes.slice(before))).toBe(10);
    expect(events).toContainEqual({
      job: 1,
      type: "batch.configured",
      options: ["batchSize", "concurrency"],
    });
  });

  it("may be retries and the skip limit", async () => {
    let attempts = 0;
    const job = coordinator.start(numbers(10), () => {
      attempts += 1;
      throw new AtlasError("storage.busy", "Try again.", { retryable: true });
    });
    await job.pause();
    const [begun, tried] = [job.progress.failed, attempts];

    job.configure({ retry: { attemptsMax: 1 }, skipLimit: begun + 1 });
    job.resume();
    const result = await job.result;

    expect(result.stopped).toBe("skipLimit");
    expect(attempts - tried).toBe(result.counts.failed - begun);
  });

  it("may be the bounds of an adaptive job", async () => {
    const job = coordinator.start(numbers(5_000), () => setTimeout(0), {
      strategy: "adaptive",
      batchSize: 100,
    });
    await job.pause();

    job.configure({ adaptive: { batchSizeMax: 20, concurrencyMax: 2 } });

    expect(job.settings).toEqual({ batchSize: 20, concurrency: 2 });
    job.cancel();
    await job.result;
  });

  it.each<{ is: string; options: object; settings: BatchSettings | object; code: string }>([
    {
      is: "what is fixed",
      options: { strategy: "concurrent" },
      settings: { mode: "all-or-nothing" },
      code: "batch.option_fixed",
    },
    {
      is: "more than one at a time",
      options: {},
      settings: { concurrency: 2 },
      code: "batch.option_fixed",
    },
    {
      is: "what is sought",
      options: { strategy: "adaptive" },
      settings: { batchSize: 5 },
      code: "batch.option_fixed",
    },
    {
      is: "bounds of nothing",
      options: {},
      settings: { adaptive: {} },
      code: "batch.option_fixed",
    },
    {
      is: "too much",
      options: {},
      settings: { batchSize: 10_001 },
      code: "configuration.invalid_option",
    },
    {
      is: "unknown",
      options: {},
      settings: { sizes: 3 },
      code: "configuration.unknown_option",
    },
    {
      is: "bad retries",
      options: {},
      settings: { retry: { attemptsMax: 0 } },
      code: "configuration.invalid_option",
    },
    {
      is: "bad bounds",
      options: { strategy: "adaptive" },
      settings: { skipLimit: 0, adaptive: { batchSizeMin: 0 } },
      code: "configuration.invalid_option",
    },
  ])("are refused when they are $is, and nothing changes", async ({ options, settings, code }) => {
    const job = coordinator.start(numbers(3), failOdd, options);
    const before = job.settings;

    expect(() => job.configure(settings)).toThrow(expect.objectContaining({ code }));

    expect(job.settings).toEqual(before);
    expect((await job.result).stopped).toBeUndefined();
  });

  it("are refused after the end", async () => {
    const job = coordinator.start([1], (item) => item);
    await job.result;

    expect(() => job.configure({ batchSize: 2 })).toThrow(
      expect.objectContaining({ code: "batch.job_ended" }),
    );
  });
});

describe("B5: items that failed", () => {
  it("are kept for another run, by position, as far as there is room", async () => {
    const result = await coordinator.process(numbers(8), failOdd, {
      retryItemsMax: 3,
      keyOf: (item) => `number ${item}`,
    });

    expect(result.retryItems.complete).toBe(false);
    expect(result.retryItems.entries).toMatchObject([
      { index: 1, key: "number 1", item: 1, status: "failed", error: { code: "task.odd" } },
      { index: 3, item: 3 },
      { index: 5, item: 5 },
    ]);
    expect([...result.retryItems]).toEqual([1, 3, 5]);
  });

  it("are handed out without a limit, one after the other, cancelled ones too", async () => {
    const handed: FailedItem<number>[] = [];
    const controller = new AbortController();

    const result = await coordinator.process(
      numbers(10),
      (item) => {
        if (item === 5) controller.abort();
        failOdd(item);
      },
      {
        retryItemsMax: 0,
        signal: controller.signal,
        onFailedItem: async (item) => {
          await setTimeout(0);
          handed.push(item);
        },
      },
    );

    expect(result.retryItems.entries).toEqual([]);
    expect(handed.map(({ index, status }) => [index, status])).toEqual([
      [1, "failed"],
      [3, "failed"],
      [5, "failed"],
      [6, "cancelled"],
      [7, "cancelled"],
      [8, "cancelled"],
      [9, "cancelled"],
    ]);
  });

  it("that cannot be handed out stop the job", async () => {
    const full = new AtlasError("storage.disk_full", "The disk is full.");

    const result = await coordinator.process(numbers(10), failOdd, {
      onFailedItem: () => Promise.reject(full),
    });

    expect(result).toMatchObject({ stopped: "failed", stopError: full });
    expect(result.counts).toMatchObject({ failed: 1, cancelled: 8 });
  });
});

describe("B6: input", () => {
  it("of promises is waited for", async () => {
    const result = await coordinator.process(
      [Promise.resolve(1), Promise.resolve(2)],
      async (item) => (await item) * 10,
      { outcomesMax: 2 },
    );

    expect(result.outcomes.map((outcome) => outcome.result)).toEqual([10, 20]);
  });
});
