import {
  adaptiveDefaults,
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
    [{ strategy: "random" as "sequential" }, "configuration.invalid_option"],
    [{ retryItemsMax: 100_001 }, "configuration.invalid_option"],
    [{ adaptive: { batchSizeMin: 0 } }, "configuration.invalid_option"],
    [{ adaptive: { batchSizeMax: 10_001 } }, "configuration.invalid_option"],
    [{ adaptive: { batchSizeMin: 50, batchSizeMax: 40 } }, "configuration.invalid_option"],
    [{ adaptive: { concurrencyMax: 257 } }, "configuration.invalid_option"],
    [{ adaptive: { memoryPercentMax: 101 } }, "configuration.invalid_option"],
    [{ adaptive: { sizeMax: 10 } as object }, "configuration.unknown_option"],
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
      retryItemsMax: 1_000,
    });
    expect(adaptiveDefaults).toEqual({
      batchSizeMin: 10,
      batchSizeMax: 1_000,
      concurrencyMin: 1,
      concurrencyMax: 64,
      concurrencyStart: 4,
      memoryPercentMax: 85,
      cpuPercentMax: 95,
      errorPercentMax: 10,
    });
    expect(retryDefaults).toEqual({ attemptsMax: 3, baseDelayMs: 50, maxDelayMs: 5_000 });
    expect(Object.keys(batchErrorCodes)).toEqual([
      "batch.failed",
      "batch.not_atomic",
      "batch.too_many_items",
      "batch.item_failed",
      "batch.option_fixed",
      "batch.job_ended",
      "batch.job_taken",
      "batch.job_lost",
      "batch.input_differs",
      "batch.checkpoint_full",
      "batch.checkpoint_invalid",
    ]);
  });
});
