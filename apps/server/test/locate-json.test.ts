import { describe, expect, test } from "vitest";
import { locateJson } from "../src/import/locate-json.ts";

describe("locating JSON", () => {
  test("knows the line at which each value begins", () => {
    const text = '{\n  "a": [\n    1,\n    {"b": "x\\"]"},\n    []\n  ],\n  "c":\n    null\n}\n';

    const located = locateJson(text);

    expect(located).toMatchObject({ value: { a: [1, { b: 'x"]' }, []], c: null } });
    if (!("lineOf" in located)) throw new Error("It is valid.");
    expect(located.lineOf([])).toBe(1);
    expect(located.lineOf(["a"])).toBe(2);
    expect(located.lineOf(["a", 0])).toBe(3);
    expect(located.lineOf(["a", 1, "b"])).toBe(4);
    expect(located.lineOf(["a", 2])).toBe(5);
    expect(located.lineOf(["c"])).toBe(8);
    expect(located.lineOf(["a", 9])).toBe(2);
  });

  test.each([
    ["", 1],
    ["\n\n", 3],
    ['{"a": 1,\n}', 2],
    ['{"a" 1}', 1],
    ["[1\n2]", 2],
    ["[1,\n\n]", 3],
    ["{} \n x", 2],
    ['["open]\n', 1],
    ["[01]", 1],
  ])("names the line of what is wrong in %j", (text, line) => {
    expect(locateJson(text)).toMatchObject({
      line,
      problem: expect.stringContaining(`line ${line}`),
    });
  });
});
