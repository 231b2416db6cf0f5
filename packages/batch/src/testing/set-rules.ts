import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { BatchSetOperation } from "../batch-operation.ts";
import { createBatchCoordinator } from "../create-batch-coordinator.ts";
import { itemFailure } from "../item-failure.ts";
import type { ProcessorHarness, ProcessorRule } from "./processor-harness.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });

/** Stores all texts of a call, and then fails when a bad one is among them. */
function storingAll<Transaction>(
  { store }: ProcessorHarness<Transaction>,
  bad: string,
  calls: number[] = [],
): BatchSetOperation<string, string, Transaction> {
  return {
    all: async (texts, { places, signal, transaction }) => {
      calls.push(texts.length);
      for (const [at, text] of texts.entries()) {
        await store(text, { ...places[at]!, signal, transaction });
      }
      if (texts.includes(bad)) {
        throw itemFailure(texts.indexOf(bad), new AtlasError("task.bad", "The text is refused."));
      }
      return texts.map((text) => text.toUpperCase());
    },
  };
}

/** What every processor promises of operations over a set. */
export const setRules: readonly ProcessorRule[] = [
  {
    name: "an operation over a set gets all accepted items of a batch at once",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      const calls: number[] = [];
      const operation = storingAll(harness, "none", calls);

      const result = await coordinator.process(["a", "", "b", "c"], operation, {
        processor,
        batchSize: 4,
        outcomesMax: 4,
      });

      assert.deepEqual(calls, [3]);
      assert.deepEqual(
        result.outcomes.map((outcome) => outcome.result),
        ["A", undefined, "B", "C"],
      );
      assert.deepEqual((await harness.stored()).toSorted(), ["a", "b", "c"]);
    },
  },
  {
    name: "an operation over a set that fails loses the culprit only, if it can be undone",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      const undoes = processor.supportsAllOrNothing;

      const result = await coordinator.process(["a", "b", "c"], storingAll(harness, "b"), {
        processor,
        batchSize: 3,
        outcomesMax: 3,
      });

      assert.deepEqual(
        result.outcomes.map(({ status }) => status),
        undoes ? ["succeeded", "failed", "succeeded"] : ["failed", "failed", "failed"],
      );
      assert.equal(result.errors[0]?.code, "task.bad");
      if (undoes) assert.deepEqual((await harness.stored()).toSorted(), ["a", "c"]);
    },
  },
  {
    name: "all or nothing, an operation over a set that fails leaves nothing and names the culprit",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      if (!processor.supportsAllOrNothing) return;

      const result = await coordinator.process(["a", "b", "c"], storingAll(harness, "b"), {
        processor,
        mode: "all-or-nothing",
        outcomesMax: 3,
      });

      assert.deepEqual(
        result.outcomes.map(({ status }) => status),
        ["rolledBack", "failed", "rolledBack"],
      );
      assert.deepEqual(await harness.stored(), []);
    },
  },
];
