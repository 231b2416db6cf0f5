import { AtlasError } from "@atlas/errors";
import { retryDefaults } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { fullJitterMs } from "../src/full-jitter.ts";
import { createRetryBudget, mayRetry } from "../src/retry-policy.ts";
import { insert, openManager } from "./open-manager.ts";

const retryable = (): Error =>
  new AtlasError("storage.busy", "Somebody else writes.", { retryable: true });

describe("T1: retries", () => {
  const failTimes = (times: number, error: () => Error = retryable) => {
    let attempts = 0;
    const body = (): number => {
      attempts += 1;
      if (attempts <= times) throw error();
      return attempts;
    };
    return { body, attempts: () => attempts };
  };

  test("a retryable failure is repeated until it succeeds, each time from the beginning", async () => {
    await using setup = await openManager();
    const { body } = failTimes(2);

    const result = await setup.manager.atomic(
      async (tx) => {
        await tx.run(insert, { name: "a" });
        return body();
      },
      { retry: {} },
    );

    expect(result).toBe(3);
    expect(await setup.stored()).toEqual(["a"]);
    const retries = setup.events.filter(({ type }) => type === "transaction.retry");
    expect(retries).toEqual(
      [1, 2].map((attempt) => ({
        type: "transaction.retry",
        attempt,
        delayMs: 0,
        code: "storage.busy",
      })),
    );
    expect(setup.manager.statistics()).toMatchObject({ retries: 2, rolledBack: 2 });
  });

  test("as often as asked and no more, and not at all unless asked", async () => {
    await using setup = await openManager();
    const often = failTimes(10);
    const once = failTimes(10);

    const three = setup.manager.program(often.body, { retry: { attemptsMax: 3 } });
    await expect(three).rejects.toMatchObject({ code: "storage.busy" });
    await expect(setup.manager.atomic(once.body)).rejects.toMatchObject({ code: "storage.busy" });

    expect([often.attempts(), once.attempts()]).toEqual([3, 1]);
    expect(retryDefaults).toEqual({ attemptsMax: 5, baseDelayMs: 5, maxDelayMs: 1_000 });
  });

  test("what is not retryable, or may have been committed, is not repeated", async () => {
    await using setup = await openManager();
    const plain = failTimes(1, () => new Error("no"));
    const unknown = failTimes(0);

    await expect(setup.manager.atomic(plain.body, { retry: {} })).rejects.toThrow("no");
    setup.control.beforeSync = () => {
      delete setup.control.beforeSync;
      throw new Error("EIO");
    };
    const uncertain = setup.manager.atomic(unknown.body, { retry: {} });
    await expect(uncertain).rejects.toMatchObject({ txState: "unknown" });

    expect([plain.attempts(), unknown.attempts()]).toEqual([1, 1]);
    const lost = new AtlasError("storage.busy", "", { retryable: true, txState: "unknown" });
    expect([mayRetry(lost), mayRetry(retryable())]).toEqual([false, true]);
  });

  test("a nested transaction leaves repeating to the outermost", async () => {
    await using setup = await openManager();
    const { manager } = setup;
    const { body, attempts } = failTimes(1);
    let outer = 0;

    await manager.atomic(
      async () => {
        outer += 1;
        await manager.atomic(body, { retry: { attemptsMax: 50 } });
      },
      { retry: {} },
    );

    expect([outer, attempts()]).toEqual([2, 2]);
  });

  test("when nearly everything fails the budget ends the repeating", async () => {
    await using setup = await openManager({ retryBudget: 3 });
    const { body, attempts } = failTimes(1_000);

    const failing = setup.manager.atomic(body, { retry: { attemptsMax: 100 } });
    await expect(failing).rejects.toMatchObject({ code: "storage.busy" });

    expect(attempts()).toBe(4);
    expect(setup.manager.statistics()).toMatchObject({ retries: 3, retriesRefused: 1 });
    const budget = createRetryBudget(1);
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    for (let i = 0; i < 11; i += 1) budget.succeeded();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
  });

  test("a signal ends the repeating and the pause", async () => {
    await using setup = await openManager({ random: () => 1 });
    const stop = new AbortController();
    const { body } = failTimes(1_000);

    const failing = setup.manager.atomic(body, {
      retry: { attemptsMax: 100, baseDelayMs: 60_000, maxDelayMs: 600_000 },
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 5);

    await expect(failing).rejects.toMatchObject({ code: "transaction.cancelled" });
  });

  test("each pause is random below a bound that doubles up to a maximum", () => {
    const pauses = { pauseMs: 5, pauseMaxMs: 30 };

    expect([2, 3, 4, 5, 6].map((n) => fullJitterMs(n, pauses, () => 1))).toEqual([
      5, 10, 20, 30, 30,
    ]);
    expect(fullJitterMs(3, pauses, () => 0.5)).toBe(5);
    expect(fullJitterMs(5_000, { pauseMs: 0, pauseMaxMs: 30 }, () => 1)).toBe(0);
  });
});
