import assert from "node:assert/strict";
import { changedFieldsOf } from "../changed-fields.ts";
import type { CoordinatorRule } from "./coordinator-rule.ts";
import {
  createShop,
  noteRule,
  type Order,
  orderSchema,
  stockCheck,
  stockRule,
} from "./shop-fixture.ts";

const everything = { rules: [stockRule, noteRule], checks: [stockCheck] };

/** What holds for updates. */
export const updateRules: readonly CoordinatorRule[] = [
  {
    name: "an update runs only the rules that read a changed field",
    async check(create) {
      const shop = createShop();
      const coordinator = create(orderSchema, everything);

      const result = await coordinator.validate(
        { product: "ink", note: "soon" },
        { context: shop, changedFields: ["note"] },
      );

      assert.equal(result.ok, true);
      assert.deepEqual(shop.reads, ["check"]);
    },
  },
  {
    name: "a batch of updates loads each rule for the items whose change can break it",
    async check(create) {
      const shop = createShop();
      const stored = new Map<string, Order>([
        ["ink", { product: "ink", count: 1, note: "old" }],
        ["pen", { product: "pen", count: 1, note: "same" }],
      ]);
      const orders = [
        { product: 7 },
        { product: "ink", note: "new" },
        { product: "pen", count: 3, note: "same" },
        { product: "pad" },
      ];
      const positions: number[] = [];

      const batch = await create(orderSchema, everything).validateMany(orders, {
        context: shop,
        changedFields: (order, index) => {
          positions.push(index);
          return changedFieldsOf(stored.get(order.product), order);
        },
      });

      assert.deepEqual(positions, [1, 2, 3], "asked once for each item that the schema accepted");
      assert.deepEqual(shop.reads, ["stock of 2", "check"]);
      assert.deepEqual(
        batch.results.map(({ issues }) => issues.map(({ code }) => code)),
        [
          ["schema.invalid_type"],
          [],
          ["order.out_of_stock"],
          ["order.out_of_stock", "order.no_note"],
        ],
      );
    },
  },
];
