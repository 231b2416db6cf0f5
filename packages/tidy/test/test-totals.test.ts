import { expect, test } from "vitest";
import { formatTotals, sumOf, totalsOf } from "../src/test-totals.ts";

const file = { status: "passed", assertionResults: [{}] };

test("a report counts its tests", () => {
  const report = { numPassedTests: 3, numFailedTests: 2, testResults: [file] };

  expect(totalsOf(report, false)).toEqual({ passed: 3, failed: 2 });
});

test("a file that cannot be loaded is one failure", () => {
  const broken = { status: "failed", assertionResults: [] };
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file, broken] };

  expect(totalsOf(report, false)).toEqual({ passed: 3, failed: 1 });
});

test("a run that failed outside of any test has one failure", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file] };

  expect(totalsOf(report, false)).toEqual({ passed: 3, failed: 1 });
  expect(totalsOf(report, true)).toEqual({ passed: 3, failed: 0 });
});

test("a run without a report crashed", () => {
  expect(totalsOf(undefined, false)).toEqual({ passed: 0, failed: 1 });
  expect(totalsOf(undefined, true)).toEqual({ passed: 0, failed: 1 });
});

test("totals add up to one line", () => {
  const sum = sumOf([
    { passed: 1, failed: 0 },
    { passed: 20, failed: 3 },
  ]);

  expect(formatTotals(sum)).toBe("21 passed, 3 failed");
});
