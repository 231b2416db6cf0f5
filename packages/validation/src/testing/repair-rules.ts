import assert from "node:assert/strict";
import type { RepairPlan } from "../repair-plan.ts";
import type { CoordinatorRule } from "./coordinator-rule.ts";
import { createBrokenShop, orderSchema, repairableCheck } from "./shop-fixture.ts";

const checks = [repairableCheck];

/** What holds for the verification of the stored state and for repairs. */
export const repairRules: readonly CoordinatorRule[] = [
  {
    name: "verify reports what each check found and what could be done, and changes nothing",
    async check(create) {
      const shop = createBrokenShop();

      const {
        ok,
        findings,
        checks: reports,
        plan,
      } = await create(orderSchema, {
        checks,
      }).verify(shop);

      assert.deepEqual([ok, findings.length, shop.reads], [false, 2, []]);
      assert.deepEqual(reports, [{ code: "shop.negative_stock", findings: 2, repairable: 2 }]);
      assert.deepEqual(
        plan.steps.map(({ number, finding, name, path }) => [number, finding, name, ...path]),
        [
          [1, 1, "remove", "ink"],
          [2, 1, "correct", "ink"],
          [3, 2, "remove", "pad"],
          [4, 2, "correct", "pad"],
        ],
      );
      assert.deepEqual(shop.stock, createBrokenShop().stock);
    },
  },
  {
    name: "a plan is plain data, and exactly the chosen steps are carried out, in one go",
    async check(create) {
      const shop = createBrokenShop();
      const coordinator = create(orderSchema, { checks });
      const { plan } = await coordinator.verify(shop);
      const kept = JSON.parse(JSON.stringify(plan)) as RepairPlan;

      const { ok, steps, after } = await coordinator.repair(kept, shop, [1]);

      assert.deepEqual([ok, steps], [true, [{ number: 1, outcome: "repaired" }]]);
      assert.deepEqual([after.ok, after.findings.length], [false, 1]);
      assert.deepEqual([...shop.stock.keys()], ["pad", "pen"]);
      assert.deepEqual(shop.reads, ["repair 1"]);
    },
  },
  {
    name: "safe repairs leave out what needs a decision",
    async check(create) {
      const shop = createBrokenShop();
      const coordinator = create(orderSchema, { checks });

      const { plan } = await coordinator.verify(shop);
      const { steps, after } = await coordinator.repair(plan, shop, "safe");

      assert.deepEqual(
        steps.map(({ number }) => number),
        [2, 4],
      );
      assert.equal(after.ok, true);
      assert.deepEqual([...shop.stock.values()], [0, 0, 2]);
    },
  },
  {
    name: "what is no longer found is not repaired, by a plan that is old or carried out twice",
    async check(create) {
      const shop = createBrokenShop();
      const coordinator = create(orderSchema, { checks });
      const { plan } = await coordinator.verify(shop);

      shop.stock.set("ink", 9);
      const late = await coordinator.repair(plan, shop, [1, 4]);
      const again = await coordinator.repair(plan, shop, [1, 4]);

      const outcomes = [late, again].map(({ steps }) => steps.map(({ outcome }) => outcome));
      assert.deepEqual(outcomes, [
        ["unneeded", "repaired"],
        ["unneeded", "unneeded"],
      ]);
      assert.deepEqual([...shop.stock.values()], [9, 0, 2]);
      assert.deepEqual(shop.reads, ["repair 1"]);
    },
  },
  {
    name: "a repair that does not help is told of",
    async check(create) {
      const shop = createBrokenShop();
      const useless = [{ ...repairableCheck, repair: () => {} }];
      const coordinator = create(orderSchema, { checks: useless });
      const { plan } = await coordinator.verify(shop);

      const { ok, steps } = await coordinator.repair(plan, shop, [2]);

      assert.deepEqual([ok, steps], [false, [{ number: 2, outcome: "ineffective" }]]);
    },
  },
  {
    name: "a choice that does not fit the plan is refused before anything is changed",
    async check(create) {
      const shop = createBrokenShop();
      const coordinator = create(orderSchema, { checks });
      const { plan } = await coordinator.verify(shop);
      const stranger = { ...plan.steps[1]!, check: "shop.unknown" };

      const refused = [
        coordinator.repair(plan, shop, [1, 2]),
        coordinator.repair(plan, shop, [1, 5]),
        coordinator.repair({ ...plan, steps: [plan.steps[3]!, stranger] }, shop, [4, 2]),
      ];

      for (const pending of refused)
        await assert.rejects(pending, { code: "validation.invalid_repair" });
      assert.deepEqual(shop.stock, createBrokenShop().stock);
    },
  },
];
