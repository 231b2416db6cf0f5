import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IndexRanges } from "../../src/checkpoints/index-ranges.ts";

const indexes = fc.array(fc.nat({ max: 60 }), { maxLength: 80 });

describe("B6: the set of settled positions", () => {
  it("holds exactly what was added, in as few ranges as possible", () => {
    fc.assert(
      fc.property(indexes, (added) => {
        const ranges = new IndexRanges();
        const model = new Set<number>();
        for (const index of added) {
          expect(ranges.add(index)).toBe(!model.has(index));
          model.add(index);
        }
        const starts = [...model].filter((index) => !model.has(index - 1));
        expect(ranges.length).toBe(starts.length);
        for (let index = 0; index <= 61; index += 1) {
          expect(ranges.has(index)).toBe(model.has(index));
        }
        let prefix = 0;
        while (model.has(prefix)) prefix += 1;
        expect(ranges.prefix).toBe(prefix);
      }),
    );
  });

  it("is the same after it was written and read, whatever the order", () => {
    fc.assert(
      fc.property(indexes, fc.func(fc.nat()), (added, order) => {
        const ranges = new IndexRanges();
        for (const index of added) ranges.add(index);
        const shuffled = new IndexRanges();
        for (const index of added.toSorted((one, other) => order(one) - order(other))) {
          shuffled.add(index);
        }
        expect(shuffled.toString()).toBe(ranges.toString());
        expect(IndexRanges.parse(ranges.toString()).toString()).toBe(ranges.toString());
      }),
    );
  });

  it.each(["1", "1-", "3-2", "0-2,2-4", "a-b", "0-1,", "-1-2", "0-2-4-6"])(
    "refuses the text %o",
    (text) => {
      expect(() => IndexRanges.parse(text)).toThrow(RangeError);
    },
  );
});
