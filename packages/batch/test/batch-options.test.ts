import {
  batchDefaults,
  batchErrorCodes,
  createBatchCoordinator,
  retryDefaults,
  type BatchOptions,
} from "@atlas/batch";
import { describe, expect, it } from "vitest";

const coordinator = createBatchCoordinator();

describe("B5: options", () => {
  it.each<[BatchOptions<number>, string]>([
    [{ concurrency: 0 }, "configuration.invalid_option"],
    [{ concurrency: 257 }, "configuration.invalid_option"],
    [{ batchSize: 0 }, "configuration.invalid_option"],
    [{ batchSize: 10_001 }, "configuration.invalid_option"],
    [{ skipLimit: -1 }, "configuration.invalid_option"],
    [{ itemsMax: 1_000_001 }, "configuration.invalid_option"],
    [{ failuresMax: 100_001 }, "configuration.invalid_option"],
    [{ outcomesMax: 1_000_001 }, "configuration.invalid_option"],
    [{ strategy: "adaptive" as "sequential" }, "configuration.invalid_option"],
    [{ mode: "some" as "item-by-item" }, "configuration.invalid_option"],
    [{ retry: { attemptsMax: 0 } }, "configuration.invalid_option"],
    [{ retry: { attemptsMax: 101 } }, "configuration.invalid_option"],
    [{ retry: { baseDelayMs: 60_001 } }, "configuration.invalid_option"],
    [{ retry: { maxDelayMs: 3_600_001 } }, "configuration.invalid_option"],
    [{ retry: { tries: 3 } as object }, "configuration.unknown_option"],
    [{ parallel: 3 } as object, "configuration.unknown_option"],
    [{ mode: "all-or-nothing" }, "batch.not_atomic"],
  ])("%o are refused before anything is read", async (options, code) => {
    let read = false;
    const input = (function* source() {
      read = true;
      yield 1;
    })();

    await expect(coordinator.process(input, (item) => item, options)).rejects.toMatchObject({
      code,
    });
    expect(read).toBe(false);
  });

  it("of the coordinator are refused when they are misspelt", () => {
    expect(() => createBatchCoordinator({ now: () => 0 } as object)).toThrow(/no option "now"/);
  });

  it("and error codes are stable", () => {
    expect(batchDefaults).toEqual({
      strategy: "sequential",
      concurrency: 4,
      mode: "item-by-item",
      itemsMax: 10_000,
      failuresMax: 1_000,
      outcomesMax: 0,
    });
    expect(retryDefaults).toEqual({ attemptsMax: 3, baseDelayMs: 50, maxDelayMs: 5_000 });
    expect(Object.keys(batchErrorCodes)).toEqual([
      "batch.failed",
      "batch.not_atomic",
      "batch.too_many_items",
    ]);
  });
});
