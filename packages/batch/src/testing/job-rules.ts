import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { createBatchCoordinator } from "../create-batch-coordinator.ts";
import type { ProcessorRule } from "./processor-harness.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });

/** What every processor promises of jobs that are steered and of items that are fed back. */
export const jobRules: readonly ProcessorRule[] = [
  {
    name: "items that failed can be fed back, and are reported under their first place",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      let broken = true;
      const operation: typeof store = async (text, context) => {
        if (broken && text !== "b") throw new AtlasError("task.down", "The service is down.");
        await store(text, context);
      };
      const options = { processor, keyOf: (text: string) => `key ${text}`, outcomesMax: 3 };

      const first = await coordinator.process(["a", "b", "c"], operation, options);
      broken = false;
      const second = await coordinator.process(first.retryItems, operation, options);

      assert.equal(first.retryItems.complete, true);
      assert.deepEqual(
        second.outcomes.map(({ index, key, status }) => [index, key, status]),
        [
          [0, "key a", "succeeded"],
          [2, "key c", "succeeded"],
        ],
      );
      assert.deepEqual((await harness.stored()).toSorted(), ["a", "b", "c"]);
    },
  },
  {
    name: "a paused job begins nothing, and goes on where it stopped",
    async check(open) {
      await using harness = await open();
      const { processor, store } = harness;
      const texts = ["a", "b", "c", "d", "e", "f"];
      const seen: string[] = [];
      const operation: typeof store = async (text, context) => {
        seen.push(text);
        await store(text, context);
      };
      const job = coordinator.start(texts, operation, { processor, batchSize: 2 });

      await job.pause();
      const begun = seen.length;
      await setTimeout(5);
      assert.equal(job.state, "paused");
      assert.deepEqual(seen.length, begun);
      assert.ok(begun < texts.length);
      job.resume();

      assert.equal((await job.result).ok, true);
      assert.equal(job.state, "ended");
      assert.deepEqual(seen, texts);
      assert.deepEqual((await harness.stored()).toSorted(), texts);
    },
  },
];
