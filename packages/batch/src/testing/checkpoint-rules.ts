import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { BatchCheckpoint, SettledItem } from "../batch-checkpoint.ts";
import { createBatchCoordinator } from "../create-batch-coordinator.ts";
import type { ProcessorRule } from "./processor-harness.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });

/** A checkpoint that keeps what it is told; `refuse` makes the recording fail. */
function checkpointOf(
  told: SettledItem[],
  options: { readonly refuse?: boolean; readonly done?: readonly number[] } = {},
): BatchCheckpoint<unknown> {
  return {
    begin: () =>
      Promise.resolve({
        counts: { succeeded: options.done?.length ?? 0, failed: 0, skipped: 0 },
        failures: [],
        admit: ({ index }) => options.done?.includes(index) !== true,
        inputEnded: () => undefined,
        record: (items) => {
          if (options.refuse === true) {
            throw new AtlasError("batch.job_lost", "Somebody else has the job.");
          }
          told.push(...items);
          return Promise.resolve();
        },
        end: () => Promise.resolve(),
      }),
  };
}

/** What a processor that supports checkpoints promises; others refuse them. */
export const checkpointRules: readonly ProcessorRule[] = [
  {
    name: "a checkpoint is told of every settled item once, before it is committed",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      const told: SettledItem[] = [];
      const options = { processor, checkpoint: checkpointOf(told), batchSize: 3, outcomesMax: 4 };
      const operation: typeof store = async (text, context) => {
        if (text === "bad") throw new AtlasError("task.bad", "The text is refused.");
        const busy = new AtlasError("storage.busy", "Try again.", { retryable: true });
        if (text === "busy" && context.attempt === 1) throw busy;
        await store(text, context);
      };
      const pending = coordinator.process(["a", "bad", "", "busy"], operation, options);

      if (processor.supportsCheckpoints !== true) {
        await assert.rejects(pending, { code: "batch.not_atomic" });
        return;
      }
      const { outcomes } = await pending;
      const fates = ["succeeded", "failed", "skipped", "succeeded"];
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        fates,
      );
      assert.deepEqual(
        told.map(({ place, outcome }) => `${place.index} ${outcome.status}`).toSorted(),
        fates.map((fate, at) => `${at} ${fate}`),
      );
    },
  },
  {
    name: "a checkpoint that cannot be written undoes the items it covers",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      if (processor.supportsCheckpoints !== true) return;
      const checkpoint = checkpointOf([], { refuse: true });

      const result = await coordinator.process(["a", "b"], store, { processor, checkpoint });

      assert.equal(result.counts.succeeded, 0);
      assert.deepEqual(await harness.stored(), []);
    },
  },
  {
    name: "what a checkpoint says is done is counted and not done again",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      if (processor.supportsCheckpoints !== true) return;
      const checkpoint = checkpointOf([], { done: [0, 2] });

      const result = await coordinator.process(["a", "b", "c"], store, { processor, checkpoint });

      assert.deepEqual([result.ok, result.counts.succeeded, result.counts.total], [true, 3, 3]);
      assert.deepEqual(await harness.stored(), ["b"]);
    },
  },
];
