import { createBatchCoordinator, createMemoryBatchProcessor, type BatchEvent } from "@atlas/batch";
import { AtlasError } from "@atlas/errors";
import { describe, expect, it } from "vitest";

const busy = new AtlasError("storage.busy", "Busy.", { retryable: true });

/** A coordinator whose pauses are written down instead of waited for. */
function withPauses(random = 1) {
  const pauses: number[] = [];
  const events: BatchEvent[] = [];
  const coordinator = createBatchCoordinator({
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    random: () => random,
    onEvent: (event) => events.push(event),
  });
  return { coordinator, pauses, events };
}

function alwaysBusy(): never {
  throw busy;
}

describe("B5: retry", () => {
  it.each([
    [1, [100, 200, 300, 300]],
    [0.5, [50, 100, 150, 150]],
    [0, [0, 0, 0, 0]],
  ])(
    "pauses grow exponentially to their limit, with full jitter: random %d",
    async (random, expected) => {
      const { coordinator, pauses } = withPauses(random);

      const result = await coordinator.process(["a"], alwaysBusy, {
        retry: { attemptsMax: 5, baseDelayMs: 100, maxDelayMs: 300 },
      });

      expect(pauses).toEqual(expected);
      expect(result.failures).toMatchObject([{ status: "failed", attempts: 5, error: busy }]);
      expect(result.retries).toBe(4);
    },
  );

  it("only the items that failed are tried again, and they know their attempt", async () => {
    const { coordinator, events } = withPauses();
    const attempts: string[] = [];

    const result = await coordinator.process(
      ["a", "b", "c"],
      (item, { attempt }) => {
        attempts.push(`${item}${attempt}`);
        if (item === "b" && attempt < 3) throw busy;
      },
      { batchSize: 3, outcomesMax: 3 },
    );

    expect(attempts).toEqual(["a1", "b1", "c1", "b2", "b3"]);
    expect(result.outcomes.map((outcome) => outcome.attempts)).toEqual([1, 3, 1]);
    expect(events.filter(({ type }) => type === "batch.retry")).toEqual([
      { type: "batch.retry", job: 1, items: 1, attempt: 2, delayMs: 50, error: busy },
      { type: "batch.retry", job: 1, items: 1, attempt: 3, delayMs: 100, error: busy },
    ]);
  });

  it("errors that do not pass are not tried again", async () => {
    const { coordinator, pauses } = withPauses();

    const result = await coordinator.process(["a"], () => {
      throw new AtlasError("task.cycle", "A cycle.");
    });

    expect(pauses).toEqual([]);
    expect(result.failures[0]?.attempts).toBe(1);
  });

  it("foreign errors are tried again as analyze judges them", async () => {
    const { coordinator } = withPauses();
    const foreign = Object.assign(new Error("x"), { code: "SQLITE_BUSY" });

    const result = await coordinator.process(["a"], (_item, { attempt }) => {
      if (attempt === 1) throw foreign;
    });

    expect(result).toMatchObject({ ok: true, retries: 1 });
  });

  it("the caller may decide what is worth another attempt", async () => {
    const { coordinator } = withPauses();

    const result = await coordinator.process(["a"], alwaysBusy, { retry: { when: () => false } });

    expect(result.failures[0]?.attempts).toBe(1);
  });

  it("attemptsMax 1 never retries", async () => {
    const { coordinator, pauses } = withPauses();

    await coordinator.process(["a"], alwaysBusy, { retry: { attemptsMax: 1 } });

    expect(pauses).toEqual([]);
  });

  it("a pause ends when the batch is cancelled, and the item keeps its error", async () => {
    const controller = new AbortController();
    const coordinator = createBatchCoordinator({ random: () => 1 });
    const pending = coordinator.process(
      ["a", "b"],
      () => {
        setImmediate(() => controller.abort());
        throw busy;
      },
      { signal: controller.signal, retry: { baseDelayMs: 60_000, maxDelayMs: 3_600_000 } },
    );

    const result = await pending;

    expect(result.stopped).toBe("cancelled");
    expect(result.failures).toMatchObject([
      { status: "failed", error: busy },
      { status: "cancelled", attempts: 0 },
    ]);
  });
});

it("B5: a processor that fails as a whole is tried again and then fails every item", async () => {
  const { coordinator } = withPauses();
  let calls = 0;
  const processor = createMemoryBatchProcessor<string>({
    validate: () => {
      calls += 1;
      throw busy;
    },
  });

  const result = await coordinator.process(["a", "b"], (item) => item, { processor, batchSize: 2 });

  expect(calls).toBe(3);
  expect(result.failures).toMatchObject([
    { status: "failed", error: busy, attempts: 3 },
    { status: "failed", error: busy, attempts: 3 },
  ]);
});

it("B5: a retry policy that throws rejects the call instead of losing items", async () => {
  const failing = createBatchCoordinator().process(
    [1, 2, 3],
    () => Promise.reject(new Error("no")),
    {
      strategy: "concurrent",
      retry: {
        when: () => {
          throw new RangeError("defect of the policy");
        },
      },
    },
  );

  await expect(failing).rejects.toThrow("defect of the policy");
});
