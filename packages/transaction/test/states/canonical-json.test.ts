import { canonicalJson } from "@atlas/transaction/states";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("P4: canonical JSON", () => {
  test("equal values have equal texts, whatever the order of their keys", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "small" }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
  });

  test("the example of RFC 8785 comes out as the document says", () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("what JSON would lose is refused", () => {
    const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], 1);
    for (const value of [
      Number.NaN,
      undefined,
      new Date(0),
      () => 1,
      "\ud800",
      1n,
      [deep],
      Array(1),
    ])
      expect(() => canonicalJson(value)).toThrow(/cannot be kept as JSON/);
    expect(canonicalJson({ kept: 1, left: undefined })).toBe('{"kept":1}');
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
