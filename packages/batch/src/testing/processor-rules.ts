import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import { createBatchCoordinator } from "../create-batch-coordinator.ts";
import type { BatchOperation } from "../batch-operation.ts";
import type { BatchResult } from "../batch-result.ts";
import { checkpointRules } from "./checkpoint-rules.ts";
import { jobRules } from "./job-rules.ts";
import type { ProcessorHarness, ProcessorRule } from "./processor-harness.ts";
import { setRules } from "./set-rules.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });
const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`);

/** Stores each text and then fails on those that are named. */
function failingOn<Transaction>(
  { store }: ProcessorHarness<Transaction>,
  ...bad: readonly string[]
): BatchOperation<string, string, Transaction> {
  return async (text, context) => {
    await store(text, context);
    if (bad.includes(text)) throw new AtlasError("task.bad", `The text is refused.`);
    return text.toUpperCase();
  };
}

function fatesOf(result: BatchResult<unknown>): readonly string[] {
  return result.outcomes.map(({ status }) => status);
}

async function assertStored(
  harness: Pick<ProcessorHarness<never>, "stored">,
  expected: readonly string[],
): Promise<void> {
  assert.deepEqual((await harness.stored()).toSorted(), expected.toSorted());
}

const itemByItem: readonly ProcessorRule[] = [
  {
    name: "every item is stored once, however it is cut and however many run at a time",
    async check(open) {
      for (const strategy of ["sequential", "concurrent", "adaptive"] as const) {
        for (const batchSize of [1, 3, 20, 21]) {
          await using harness = await open();
          const { processor } = harness;
          const options = { processor, strategy, batchSize, concurrency: 4, outcomesMax: 20 };

          const result = await coordinator.process(texts, failingOn(harness), options);

          assert.equal(result.ok, true);
          assert.deepEqual(
            result.outcomes.map((outcome) => outcome.result),
            texts.map((text) => text.toUpperCase()),
          );
          await assertStored(harness, texts);
        }
      }
    },
  },
  {
    name: "an item that fails keeps none of the others from being stored",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      const operation = failingOn(harness, "b", "d");

      const result = await coordinator.process(["a", "b", "c", "d"], operation, {
        processor,
        outcomesMax: 4,
      });

      assert.deepEqual(fatesOf(result), ["succeeded", "failed", "succeeded", "failed"]);
      assert.deepEqual(result.errors, [{ code: "task.bad", count: 2, firstIndex: 1 }]);
      const stored = await harness.stored();
      assert.ok(stored.includes("a") && stored.includes("c"));
      // What can undo everything can undo one item.
      if (processor.supportsAllOrNothing) await assertStored(harness, ["a", "c"]);
    },
  },
  {
    name: "an item that validation refuses is skipped and never reaches the operation",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;

      const result = await coordinator.process(["a", "", "c"], failingOn(harness), {
        processor,
        outcomesMax: 3,
      });

      assert.deepEqual(fatesOf(result), ["succeeded", "skipped", "succeeded"]);
      assert.equal(result.errors[0]?.code, "validation.failed");
      await assertStored(harness, ["a", "c"]);
    },
  },
  {
    name: "an item that succeeds at its second attempt is stored",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      const operation: typeof store = async (text, context) => {
        const busy = new AtlasError("storage.busy", "Try again.", { retryable: true });
        if (text === "b" && context.attempt === 1) throw busy;
        await store(text, context);
      };

      const result = await coordinator.process(["a", "b", "c"], operation, { processor });

      assert.deepEqual([result.ok, result.retries], [true, 1]);
      await assertStored(harness, ["a", "b", "c"]);
    },
  },
  {
    name: "what was finished before a cancellation is kept, and the rest is named",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      const controller = new AbortController();
      const operation: typeof store = async (text, context) => {
        await store(text, context);
        if (text === "b") controller.abort();
      };

      const result = await coordinator.process(["a", "b", "c", "d", "e"], operation, {
        processor,
        batchSize: 3,
        signal: controller.signal,
        outcomesMax: 5,
      });

      assert.equal(result.stopped, "cancelled");
      assert.deepEqual(fatesOf(result), [
        "succeeded",
        "succeeded",
        "cancelled",
        "cancelled",
        "cancelled",
      ]);
      await assertStored(harness, ["a", "b"]);
    },
  },
];

const allOrNothing: readonly ProcessorRule[] = [
  {
    name: "all or nothing, one failure leaves nothing and names the others as rolled back",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      const options = { processor, mode: "all-or-nothing", outcomesMax: 3 } as const;
      const pending = coordinator.process(["a", "b", "c"], failingOn(harness, "b"), options);

      if (processor.supportsAllOrNothing) {
        const result = await pending;
        assert.deepEqual(fatesOf(result), ["rolledBack", "failed", "rolledBack"]);
        assert.equal(result.stopped, "failed");
      } else {
        await assert.rejects(pending, { code: "batch.not_atomic" });
      }
      await assertStored(harness, []);
    },
  },
  {
    name: "all or nothing, an item that validation refuses is a failure before any is stored",
    async check(open) {
      await using harness = await open();
      const { processor } = harness;
      if (!processor.supportsAllOrNothing) return;

      const result = await coordinator.process(["a", "", "c", ""], failingOn(harness), {
        processor,
        mode: "all-or-nothing",
        outcomesMax: 4,
      });

      assert.deepEqual(fatesOf(result), ["rolledBack", "failed", "rolledBack", "failed"]);
      await assertStored(harness, []);
    },
  },
  {
    name: "all or nothing, a cancellation leaves nothing",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      if (!processor.supportsAllOrNothing) return;
      const controller = new AbortController();
      const operation: typeof store = async (text, context) => {
        await store(text, context);
        if (text === "b") controller.abort();
      };

      const result = await coordinator.process(["a", "b", "c"], operation, {
        processor,
        mode: "all-or-nothing",
        signal: controller.signal,
        outcomesMax: 3,
      });

      assert.equal(result.stopped, "cancelled");
      assert.deepEqual(fatesOf(result), ["rolledBack", "rolledBack", "cancelled"]);
      await assertStored(harness, []);
    },
  },
  {
    name: "all or nothing, a failure worth another attempt repeats everything",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      if (!processor.supportsAllOrNothing) return;
      const operation: typeof store = async (text, context) => {
        await store(text, context);
        const busy = new AtlasError("storage.busy", "Try again.", { retryable: true });
        if (text === "c" && context.attempt < 3) throw busy;
      };

      const result = await coordinator.process(["a", "b", "c"], operation, {
        processor,
        mode: "all-or-nothing",
      });

      assert.deepEqual([result.ok, result.retries], [true, 6]);
      await assertStored(harness, ["a", "b", "c"]);
    },
  },
];

/** What every BatchProcessor promises, runner-agnostic. */
export const processorRules: readonly ProcessorRule[] = [
  ...itemByItem,
  ...allOrNothing,
  ...setRules,
  ...jobRules,
  ...checkpointRules,
];
