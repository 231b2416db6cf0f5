import { createBatchCoordinator, requireAllSucceeded } from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";

const coordinator = createBatchCoordinator({ clock: () => 0, sleep: () => Promise.resolve() });

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function failOdd(item: number): number {
  if (item % 2 === 1) throw new AtlasError("task.odd", "The number is odd.");
  return item * 10;
}

describe("B1: strategies", () => {
  it("sequential takes one item after the other", async () => {
    const log: string[] = [];

    await coordinator.process(numbers(3), async (item) => {
      log.push(`begin ${item}`);
      await setTimeout(1);
      log.push(`end ${item}`);
    });

    expect(log).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
  });

  it.each([1, 3, 16])("concurrent runs exactly %i at a time when there is enough", async (most) => {
    let running = 0;
    let highest = 0;

    const result = await coordinator.process(
      numbers(40),
      async () => {
        running += 1;
        highest = Math.max(highest, running);
        await setTimeout(1);
        running -= 1;
      },
      { strategy: "concurrent", concurrency: most },
    );

    expect(result.counts.succeeded).toBe(40);
    expect(highest).toBe(most);
  });

  it("reads an async iterable no further ahead than what is being processed", async () => {
    let read = 0;
    let done = 0;
    let furthest = 0;
    async function* endless(): AsyncGenerator<number> {
      for (;;) {
        read += 1;
        furthest = Math.max(furthest, read - done);
        yield read;
      }
    }
    const controller = new AbortController();

    const result = await coordinator.process(
      endless(),
      async () => {
        await setTimeout(0);
        done += 1;
        if (done === 200) controller.abort();
      },
      { strategy: "concurrent", concurrency: 3, batchSize: 5, signal: controller.signal },
    );

    expect(result.stopped).toBe("cancelled");
    expect(furthest).toBeLessThanOrEqual(3 * 5 + 5);
  });

  it("lets timers have their turn while operations never wait", async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const until = performance.now() + 100;

    await createBatchCoordinator().process(
      (function* work() {
        while (performance.now() < until) yield 1;
      })(),
      () => 1,
    );
    clearInterval(timer);

    expect(ticks).toBeGreaterThan(0);
  });
});

describe("B5: what became of the items", () => {
  it("an empty input is a success", async () => {
    expect(await coordinator.process([], failOdd)).toMatchObject({
      ok: true,
      counts: { total: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0, rolledBack: 0 },
      failures: [],
      outcomes: [],
      truncated: false,
      errors: [],
      retries: 0,
      durationMs: 0,
    });
  });

  it("names every item with index, key, status and result or error", async () => {
    const result = await coordinator.process(new Set([4, 7]), failOdd, {
      keyOf: (item, index) => `${index}:${item}`,
      outcomesMax: 10,
    });

    const failure = {
      index: 1,
      key: "1:7",
      attempts: 1,
      status: "failed",
      error: expect.objectContaining({ code: "task.odd" }),
    };
    expect(result.ok).toBe(false);
    expect(result.outcomes).toEqual([
      { index: 0, key: "0:4", attempts: 1, status: "succeeded", result: 40 },
      failure,
    ]);
    expect(result.failures).toEqual([failure]);
  });

  it("orders reports by position whatever finished first", async () => {
    const result = await coordinator.process(numbers(20), (item) => setTimeout(20 - item, item), {
      strategy: "concurrent",
      concurrency: 20,
      outcomesMax: 20,
    });

    expect(result.outcomes.map((outcome) => outcome.result)).toEqual(numbers(20));
  });

  it("keeps as many reports as allowed and says when there were more", async () => {
    const within = await coordinator.process(numbers(6), failOdd, { failuresMax: 3 });
    const beyond = await coordinator.process(numbers(8), failOdd, { failuresMax: 3 });
    const outcomes = await coordinator.process([0, 2, 4], failOdd, { outcomesMax: 2 });

    expect([within.failures.length, within.truncated]).toEqual([3, false]);
    expect([beyond.failures.length, beyond.truncated]).toEqual([3, true]);
    expect(beyond.counts.failed).toBe(4);
    expect([outcomes.outcomes.length, outcomes.truncated, outcomes.ok]).toEqual([2, true, true]);
  });

  it("gathers errors by code, the most frequent first", async () => {
    const result = await coordinator.process(numbers(7), (item) => {
      if (item === 0) throw new TypeError("defect");
      failOdd(item);
    });

    expect(result.errors).toEqual([
      { code: "task.odd", count: 3, firstIndex: 1 },
      { code: "operation.defect", count: 1, firstIndex: 0 },
    ]);
  });

  it("becomes one error for callers that want all or an exception", async () => {
    const result = await coordinator.process(numbers(3), failOdd);

    expect(() => requireAllSucceeded(result)).toThrow(
      expect.objectContaining({
        code: "batch.failed",
        message: "1 of 3 items did not succeed: task.odd (1).",
        cause: expect.objectContaining({ code: "task.odd" }),
      }),
    );
    const fine = await coordinator.process([0], failOdd);
    expect(requireAllSucceeded(fine)).toBe(fine);
  });
});

describe("B5: skip limit", () => {
  it.each([
    [2, undefined, 8],
    [1, "skipLimit", 4],
    [0, "skipLimit", 2],
  ])("of %i with three failures in six items: %s", async (skipLimit, stopped, done) => {
    const items = [0, 1, 2, 3, 4, 6, 8, 10];

    const result = await coordinator.process(items, failOdd, { skipLimit });

    expect(result.stopped).toBe(stopped);
    expect(result.counts.total).toBe(8);
    expect(result.counts.cancelled).toBe(8 - done);
    expect(result.failures.filter(({ status }) => status === "cancelled")).toHaveLength(8 - done);
  });

  it("stops reading an iterable and closes it", async () => {
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (let item = 1; ; item += 2) yield item;
      } finally {
        closed = true;
      }
    }

    const result = await coordinator.process(source(), failOdd, { skipLimit: 3 });

    expect(result.stopped).toBe("skipLimit");
    expect(result.counts).toMatchObject({ total: 4, failed: 4 });
    expect(closed).toBe(true);
  });
});

describe("B5: inputs that fail", () => {
  async function* broken(): AsyncGenerator<number> {
    yield 0;
    yield 2;
    throw new AtlasError("storage.io_failed", "The cursor broke.");
  }

  it("what was read before is processed, and the error is told", async () => {
    const result = await coordinator.process(broken(), failOdd, { batchSize: 10 });

    expect(result).toMatchObject({
      ok: false,
      stopped: "inputFailed",
      stopError: { code: "storage.io_failed" },
      counts: { total: 2, succeeded: 2 },
    });
    expect(() => requireAllSucceeded(result)).toThrow(
      expect.objectContaining({ cause: result.stopError }),
    );
  });

  it("a keyOf that throws is a failure of the input", async () => {
    const keyOf = (item: number): string => {
      if (item === 1) throw new RangeError("no key");
      return String(item);
    };

    const result = await coordinator.process([0, 1, 2], (item) => item, { keyOf });

    expect(result.stopped).toBe("inputFailed");
    expect(result.counts.succeeded).toBe(1);
  });
});
