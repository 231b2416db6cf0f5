import { createBatchCoordinator } from "@atlas/batch";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";

const coordinator = createBatchCoordinator();

describe("B5: cancel", () => {
  it("before the start nothing is begun and every item of an array is named", async () => {
    let begun = 0;

    const result = await coordinator.process([1, 2, 3], () => (begun += 1), {
      signal: AbortSignal.abort(),
    });

    expect(begun).toBe(0);
    expect(result).toMatchObject({ stopped: "cancelled", counts: { total: 3, cancelled: 3 } });
  });

  it("items in work are told by the signal and count as cancelled when they obey", async () => {
    const controller = new AbortController();

    const result = await coordinator.process(
      [1, 2, 3, 4],
      async (item, { signal }) => {
        if (item === 2) controller.abort(new Error("enough"));
        await setTimeout(item === 1 ? 0 : 60_000, undefined, { signal });
      },
      { strategy: "concurrent", concurrency: 2, signal: controller.signal, outcomesMax: 4 },
    );

    expect(result.outcomes.map(({ status }) => status)).toEqual([
      "cancelled",
      "cancelled",
      "cancelled",
      "cancelled",
    ]);
  });

  it("an error that is not the cancellation is still reported", async () => {
    const controller = new AbortController();

    const result = await coordinator.process(
      [1],
      () => {
        controller.abort();
        throw new TypeError("defect");
      },
      { signal: controller.signal },
    );

    expect(result.failures).toMatchObject([{ status: "failed" }]);
  });

  it("after the last item it has stopped nothing", async () => {
    const controller = new AbortController();

    const result = await coordinator.process(
      [1, 2],
      (item) => {
        if (item === 2) controller.abort();
      },
      { signal: controller.signal },
    );

    expect(result).toMatchObject({ ok: true, counts: { succeeded: 2 } });
    expect(result).not.toHaveProperty("stopped");
  });

  it("does not wait for an input that hangs", async () => {
    const controller = new AbortController();
    async function* hanging(): AsyncGenerator<number> {
      yield 1;
      setImmediate(() => controller.abort());
      await new Promise(() => {});
    }

    const result = await coordinator.process(hanging(), (item) => item, {
      signal: controller.signal,
    });

    expect(result).toMatchObject({ stopped: "cancelled", counts: { total: 1, succeeded: 1 } });
  });

  it("names items that were read while it fired", async () => {
    const controller = new AbortController();
    const pending = coordinator.process([1, 2, 3], (item) => item, {
      batchSize: 2,
      signal: controller.signal,
    });
    controller.abort();

    const { counts } = await pending;

    expect(counts.total).toBe(3);
  });

  it("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    const added: string[] = [];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...[type, listener]: Parameters<typeof addEventListener>) => {
      added.push(type);
      addEventListener.call(signal, type, listener);
    };
    signal.removeEventListener = (...[type, listener]: Parameters<typeof removeEventListener>) => {
      added.pop();
      removeEventListener.call(signal, type, listener);
    };

    await coordinator.process([1, 2, 3], (item) => item, { signal });

    expect(added).toEqual([]);
  });
});
