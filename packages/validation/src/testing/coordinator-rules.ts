import assert from "node:assert/strict";
import { requireAllValid, requireValid } from "../require-valid.ts";
import type { ValidationResult } from "../validation-result.ts";
import type { CoordinatorRule } from "./coordinator-rule.ts";
import { repairRules } from "./repair-rules.ts";
import {
  createShop,
  noteRule,
  orderSchema,
  stockCheck,
  stockRule,
  type Shop,
} from "./shop-fixture.ts";
import { streamRules } from "./stream-rules.ts";
import { updateRules } from "./update-rules.ts";

const everything = { rules: [stockRule, noteRule], checks: [stockCheck] };

function codesOf(result: ValidationResult<unknown>): readonly string[] {
  return result.issues.map(({ code, path }) => [code, ...path].join(" "));
}

const schemaRules: readonly CoordinatorRule[] = [
  {
    name: "a valid item is answered with what the schema made of it",
    async check(create) {
      const result = await create(orderSchema).validate({ product: "pen" });

      assert.deepEqual(requireValid(result), { product: "pen", count: 1 });
    },
  },
  {
    name: "all issues of the schema are reported with code and path, unknown keys included",
    async check(create) {
      const result = await create(orderSchema).validate({ product: "", count: "3", colour: 1 });

      assert.equal(result.ok, false);
      assert.deepEqual(codesOf(result), [
        "schema.too_small product",
        "schema.invalid_type count",
        "schema.unrecognized_keys colour",
      ]);
      assert.ok(result.issues.every(({ stage, severity }) => stage + severity === "schemaerror"));
    },
  },
  {
    name: "rules do not see an item that the schema refused",
    async check(create) {
      const shop = createShop();

      await create(orderSchema, everything).validate({ product: 7 }, { context: shop });

      assert.deepEqual(shop.reads, []);
    },
  },
];

const businessRules: readonly CoordinatorRule[] = [
  {
    name: "every broken rule is reported, and warnings refuse nothing",
    async check(create) {
      const coordinator = create(orderSchema, everything);

      const broken = await coordinator.validate({ product: "ink" }, { context: createShop() });
      const warned = await coordinator.validate({ product: "pen" }, { context: createShop() });

      assert.deepEqual([broken.ok, warned.ok], [false, true]);
      assert.deepEqual(codesOf(broken), ["order.out_of_stock count", "order.no_note note"]);
      assert.deepEqual(codesOf(warned), ["order.no_note note"]);
    },
  },
  {
    name: "a batch loads once per rule, whatever its size, and the checks of the state follow",
    async check(create) {
      const shop = createShop();
      const orders = [{ product: "pen" }, { product: 1 }, { product: "pen", count: 3 }];

      const batch = await create(orderSchema, everything).validateMany(orders, { context: shop });

      assert.deepEqual(shop.reads, ["stock of 2", "check"]);
      assert.deepEqual(
        batch.results.map(({ ok }) => ok),
        [true, false, false],
      );
    },
  },
  {
    name: "what a load throws is thrown on unchanged",
    async check(create) {
      const failure = new Error("the shop is closed");
      const closed: typeof stockRule = { ...stockRule, prepare: () => Promise.reject(failure) };

      const pending = create(orderSchema, { rules: [closed] }).validate(
        { product: "pen" },
        { context: createShop() },
      );

      await assert.rejects(pending, (thrown) => thrown === failure);
    },
  },
];

const stateRules: readonly CoordinatorRule[] = [
  {
    name: "a contradiction in the stored state refuses the item without blaming it",
    async check(create) {
      const shop: Shop = { stock: new Map([["pen", -1]]), reads: [] };
      const coordinator = create(orderSchema, { checks: [stockCheck] });

      const one = await coordinator.validate({ product: "pen" }, { context: shop });
      const many = await coordinator.validateMany([{ product: "pen" }], { context: shop });

      assert.deepEqual([one.ok, codesOf(one)], [false, ["shop.negative_stock pen"]]);
      assert.deepEqual([many.ok, many.results[0]?.ok], [false, true]);
      assert.deepEqual(codesOf({ ...one, issues: many.stateIssues }), codesOf(one));
      assert.equal(many.stateIssues[0]?.stage, "state");
    },
  },
  {
    name: "checks on demand run in verify and nowhere else",
    async check(create) {
      const shop: Shop = { stock: new Map([["pen", -1]]), reads: [] };
      const checks = [{ ...stockCheck, onDemandOnly: true }];
      const coordinator = create(orderSchema, { checks });

      const result = await coordinator.validate({ product: "pen" }, { context: shop });
      const state = await coordinator.verify(shop);

      assert.deepEqual([result.ok, state.ok, state.findings.length], [true, false, 1]);
      assert.deepEqual(shop.reads, ["check"]);
    },
  },
];

const boundRules: readonly CoordinatorRule[] = [
  {
    name: "issues are bounded for all items together, and each refused item keeps one",
    async check(create) {
      const coordinator = create(orderSchema, { issuesMax: 3 });
      const bad = { product: "", count: 0 };

      const within = await coordinator.validateMany([bad]);
      const beyond = await coordinator.validateMany([bad, bad, bad]);

      assert.deepEqual([within.truncated, beyond.truncated], [false, true]);
      assert.deepEqual(
        beyond.results.map(({ issues, truncated }) => [issues.length, truncated]),
        [
          [2, false],
          [1, true],
          [1, true],
        ],
      );
    },
  },
  {
    name: "the texts of an issue are bounded, however long the keys of the input are",
    async check(create) {
      const key = "k".repeat(100_000);

      const result = await create(orderSchema).validate({ product: "pen", [key]: 1 });

      assert.equal(result.ok, false);
      assert.ok(JSON.stringify(result.issues).length < 2_000);
    },
  },
  {
    name: "as many items as itemsMax are accepted, one more is refused",
    async check(create) {
      const coordinator = create(orderSchema, { itemsMax: 2 });
      const order = { product: "pen" };

      assert.equal((await coordinator.validateMany([order, order])).ok, true);
      await assert.rejects(coordinator.validateMany([order, order, order]), {
        code: "validation.too_many_items",
      });
    },
  },
  {
    name: "a failed batch becomes one error that names each item by its position",
    async check(create) {
      const batch = await create(orderSchema).validateMany([{ product: "pen" }, {}]);

      assert.throws(() => requireAllValid(batch), {
        code: "validation.failed",
        details: {
          issues: [{ ...batch.results[1]?.issues[0], path: [1, "product"] }],
          truncated: false,
        },
      });
    },
  },
];

/** What every ValidationCoordinator promises, runner-agnostic. */
export const coordinatorRules: readonly CoordinatorRule[] = [
  ...schemaRules,
  ...businessRules,
  ...updateRules,
  ...stateRules,
  ...repairRules,
  ...streamRules,
  ...boundRules,
];
