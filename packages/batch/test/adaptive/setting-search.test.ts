import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BatchSetting } from "../../src/adaptive/adaptive-decision.ts";
import { AdaptiveController } from "../../src/adaptive/adaptive-controller.ts";
import { resolveAdaptiveOptions } from "../../src/adaptive/adaptive-options.ts";
import { SettingSearch } from "../../src/adaptive/setting-search.ts";

const limits = {
  clamp: ({ batchSize, concurrency }: BatchSetting): BatchSetting => ({
    batchSize: Math.max(10, Math.min(1_000, batchSize)),
    concurrency: Math.max(1, Math.min(64, concurrency)),
  }),
  mayRaiseConcurrency: true,
};
const setting = fc.record({
  batchSize: fc.integer({ min: 10, max: 1_000 }),
  concurrency: fc.integer({ min: 1, max: 64 }),
});

/** How far two values are apart, in doublings. */
function apart(one: number, other: number): number {
  return Math.abs(Math.log2(one / other));
}

describe("B3: the search for a setting", () => {
  it("finds the top of any smooth hill, from anywhere", () => {
    fc.assert(
      fc.property(setting, setting, (start, top) => {
        const search = new SettingSearch(start);
        const rateOf = ({ batchSize, concurrency }: BatchSetting): number =>
          1_000 /
          (1 + apart(batchSize, top.batchSize) ** 2 + apart(concurrency, top.concurrency) ** 2);
        for (let turn = 0; turn < 120; turn += 1) {
          search.measured({ rate: rateOf(search.current), spanMs: 10 }, limits);
        }
        // Within half a doubling on each axis: the finest step of the search.
        expect(rateOf(search.best)).toBeGreaterThan(1_000 / 1.6);
      }),
    );
  });

  it("begins anew when the speed of a settled setting changes", () => {
    const search = new SettingSearch({ batchSize: 100, concurrency: 4 });
    let reason: string | undefined;
    for (let turn = 0; turn < 60 && reason !== "settle"; turn += 1) {
      const flat = { rate: 100, spanMs: 10 };
      reason = search.measured(flat, limits)?.reason;
    }
    expect(reason).toBe("settle");

    const step = search.measured({ rate: 30, spanMs: 10 }, limits);

    expect(step).toEqual({ setting: { batchSize: 100, concurrency: 4 }, reason: "drift" });
  });
});

describe("B3: whatever batches show", () => {
  const sample = fc.record({
    items: fc.integer({ min: 1, max: 1_000 }),
    durationMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
    troubled: fc.integer({ min: 0, max: 1_000 }),
    memory: fc.double({ min: 0, max: 1, noNaN: true }),
    cpu: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it("size and concurrency stay whole numbers inside their bounds", () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 50, maxLength: 400 }),
        setting,
        (samples, start) => {
          let now = samples[0]!;
          const readings = { memory: () => now.memory, cpu: () => now.cpu };
          const bounds = {
            batchSizeMin: 20,
            batchSizeMax: 500,
            concurrencyMin: 2,
            concurrencyMax: 16,
          };
          const controller = new AdaptiveController(
            resolveAdaptiveOptions({ ...bounds, readings }),
            start,
          );
          for (const each of samples) {
            now = each;
            const ticket = { ...controller.begin(), clean: true };
            controller.settled(ticket, each);
            const { batchSize, concurrency } = controller.setting;
            expect(Number.isInteger(batchSize) && Number.isInteger(concurrency)).toBe(true);
            expect(batchSize).toBeGreaterThanOrEqual(20);
            expect(batchSize).toBeLessThanOrEqual(500);
            expect(concurrency).toBeGreaterThanOrEqual(2);
            expect(concurrency).toBeLessThanOrEqual(16);
          }
        },
      ),
    );
  });
});
