import assert from "node:assert/strict";
import type { ValidatedBatch } from "../validation-result.ts";
import type { CoordinatorRule } from "./coordinator-rule.ts";
import { createShop, orderSchema, stockCheck, stockRule } from "./shop-fixture.ts";

const everything = { rules: [stockRule], checks: [stockCheck] };

async function gather<Value>(
  stream: AsyncIterable<ValidatedBatch<Value>>,
): Promise<ValidatedBatch<Value>[]> {
  const batches: ValidatedBatch<Value>[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}

/** What holds for streams. */
export const streamRules: readonly CoordinatorRule[] = [
  {
    name: "a stream answers in batches with one load each, and checks the state once",
    async check(create) {
      const shop = createShop();
      async function* orders(): AsyncGenerator<unknown> {
        yield* [{ product: 1 }, {}, { product: "pen" }, { product: "pen", count: 3 }];
        yield { product: "pen", count: 2 };
      }
      const positions: number[] = [];

      const batches = await gather(
        create(orderSchema, everything).validateStream(orders(), {
          context: shop,
          batchSize: 2,
          changedFields: (_order, index) => {
            positions.push(index);
            return undefined;
          },
        }),
      );

      assert.deepEqual(
        batches.map(({ from, results }) => [from, ...results.map(({ ok }) => ok)]),
        [
          [0, false, false],
          [2, true, false],
          [4, true],
        ],
      );
      assert.deepEqual(positions, [2, 3, 4]);
      assert.deepEqual(shop.reads, ["stock of 2", "check", "stock of 1"]);
    },
  },
  {
    name: "a stream draws inputs only as batches are asked for, and closes what it drew from",
    async check(create) {
      const drawn: string[] = [];
      function* orders(): Generator<unknown> {
        try {
          for (let n = 1; n <= 100; n += 1) {
            drawn.push(`${n}`);
            yield { product: "pen" };
          }
        } finally {
          drawn.push("closed");
        }
      }

      for await (const { results } of create(orderSchema).validateStream(orders(), {
        batchSize: 3,
      })) {
        assert.equal(results.length, 3);
        break;
      }

      assert.deepEqual(drawn, ["1", "2", "3", "closed"]);
    },
  },
  {
    name: "issues are bounded for a whole stream, and each refused item keeps one",
    async check(create) {
      const bad = { product: "", count: 0 };

      const batches = await gather(
        create(orderSchema, { issuesMax: 3 }).validateStream([bad, bad, bad], { batchSize: 1 }),
      );

      assert.deepEqual(
        batches.map(({ results }) => results[0]?.issues.length),
        [2, 1, 1],
      );
    },
  },
];
