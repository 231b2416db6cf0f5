import { expect, test } from "vitest";
import { parseBenchLine } from "../src/bench-line.ts";

test("a line of results is read, any other line is not one", () => {
  const result = { bench: "storage", case: "point-read", atlas: 9, peer: 10, ratio: 0.9 };

  expect(parseBenchLine(JSON.stringify(result))).toEqual(result);
  expect(parseBenchLine("clk: ~3 GHz")).toBeUndefined();
  expect(parseBenchLine('{ "bench": 1 }')).toBeUndefined();
  expect(parseBenchLine("{ broken")).toBeUndefined();
});
