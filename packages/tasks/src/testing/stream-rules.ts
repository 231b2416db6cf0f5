import assert from "node:assert/strict";
import type { NewTask } from "../index.ts";
import { ann, one, type TaskRule } from "./task-rule.ts";

/** Tasks from a stream. @internal */
export const streamRules: readonly TaskRule[] = [
  {
    name: "a stream of tasks is created in batches, and each may refer to those before it",
    async check({ tasks }) {
      const { ok, counts, outcomes } = await tasks.createAll(chain(25), ann, {
        batchSize: 10,
        outcomesMax: 100,
      });

      assert.deepEqual([ok, counts.succeeded], [true, 25]);
      assert.equal((await tasks.list({}, { limit: 100 })).total, 25);
      const last = await one(tasks, outcomes[24]!.result!);
      assert.equal(last.path, "step-24");
      assert.deepEqual(last.dependencies, [(await one(tasks, "step-23")).id]);
      assert.equal((await tasks.history("step-24")).changes[0]?.actor, ann.actor);
      assert.deepEqual(await tasks.verify(), []);
    },
  },
  {
    name: "batches at the same time find what the ones before them bring",
    async check({ tasks }) {
      for (const strategy of ["concurrent", "adaptive"] as const) {
        const { counts } = await tasks.createAll(chain(120, `${strategy}-`), ann, {
          strategy,
          batchSize: 10,
        });
        assert.equal(counts.succeeded, 120);
      }
      const upwards = [
        { name: "Late", path: "top/late" },
        { name: "Top", path: "top" },
      ];
      const { counts } = await tasks.createAll(upwards, ann, {
        strategy: "concurrent",
        batchSize: 1,
      });
      assert.equal(counts.succeeded, 2);
      assert.equal((await tasks.next({ count: 50 })).length, 3);
      assert.deepEqual(await tasks.verify(), []);
    },
  },
  {
    name: "a task of a stream that cannot be created is named and harms no other",
    async check({ tasks }) {
      const plan: readonly NewTask[] = [
        { name: "A", path: "a" },
        { name: "", path: "b" },
        { name: "A again", path: "a" },
        { name: "C", path: "c", dependencies: ["a"] },
        { name: "D", path: "d", dependencies: ["nowhere"] },
      ];
      const { counts, failures } = await tasks.createAll(plan, ann);

      assert.deepEqual([counts.succeeded, counts.skipped, counts.failed], [2, 1, 2]);
      assert.deepEqual(
        failures.map(({ index, key, error }) => [index, key, (error as { code: string }).code]),
        [
          [1, "b", "validation.failed"],
          [2, "a", "task.path_taken"],
          [4, "d", "task.dependency_not_found"],
        ],
      );
      assert.deepEqual(
        (await tasks.list({})).tasks.map(({ path }) => path),
        ["a", "c"],
      );
    },
  },
  {
    name: "what failed of a stream can be given to another call",
    async check({ tasks }) {
      const early = [{ name: "Late", path: "top/late" }];
      const { retryItems } = await tasks.createAll(early, ann);
      await tasks.create([{ name: "Top", path: "top" }], ann);

      const { counts } = await tasks.createAll(retryItems, ann);

      assert.equal(counts.succeeded, 1);
      assert.equal((await one(tasks, "top/late")).name, "Late");
    },
  },
  {
    name: "a stream that is cancelled keeps the batches that were committed",
    async check({ tasks }) {
      const controller = new AbortController();
      const { stopped, counts } = await tasks.createAll(chain(100), ann, {
        batchSize: 10,
        signal: controller.signal,
        onProgress: ({ done }) => done >= 20 && controller.abort(),
      });

      assert.equal(stopped, "cancelled");
      assert.equal((await tasks.list({})).total, counts.succeeded);
      assert.ok(counts.succeeded >= 20 && counts.succeeded < 100);
      assert.deepEqual(await tasks.verify(), []);
    },
  },
];

async function* chain(length: number, prefix = ""): AsyncGenerator<NewTask> {
  for (let at = 0; at < length; at += 1) {
    const dependencies = at === 0 ? [] : [`${prefix}step-${at - 1}`];
    yield { name: `Step ${at}`, path: `${prefix}step-${at}`, dependencies };
  }
}
