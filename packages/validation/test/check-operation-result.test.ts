import {
  checkOperationResult,
  operationRulesMax,
  resolveOperationRules,
  type OperationRules,
} from "@atlas/validation";
import { describe, expect, it } from "vitest";

const subject = { context: undefined, durationMs: 10 };
const ruleNames = async (
  rules: OperationRules<unknown>,
  result: unknown,
  phase: "before_commit" | "after_commit" = "before_commit",
): Promise<readonly string[]> =>
  (await checkOperationResult(rules, phase, { ...subject, result })).map(({ rule }) => rule);

describe("V4: minimum count", () => {
  it.each([
    ["a number", 2],
    ["a list", [1, 2]],
    ["a set", new Set([1, 2])],
    [
      "a map",
      new Map([
        [1, 1],
        [2, 2],
      ]),
    ],
  ])("counts %s", async (_name, result) => {
    expect(await ruleNames({ minimumCount: 2 }, result)).toEqual([]);
    expect(await ruleNames({ minimumCount: 3 }, result)).toEqual(["minimumCount"]);
  });

  it("refuses what cannot be counted, and counts by countOf", async () => {
    const result = { migrated: 3 };
    const countOf = (given: unknown): number => (given as typeof result).migrated;

    expect(await ruleNames({ minimumCount: 0 }, result)).toEqual(["minimumCount"]);
    expect(await ruleNames({ minimumCount: 3, countOf }, result)).toEqual([]);
  });
});

it("V4: a duration at the threshold is allowed, one above it is not, in both phases", async () => {
  for (const phase of ["before_commit", "after_commit"] as const) {
    expect(await ruleNames({ performanceThreshold: 10 }, 0, phase)).toEqual([]);
    expect(await ruleNames({ performanceThreshold: 9 }, 0, phase)).toEqual([
      "performanceThreshold",
    ]);
  }
});

describe("V4: data integrity", () => {
  it("is what the given check says through the context, a bounded number of times", async () => {
    const integrityCheck = (pages: number): string[] =>
      Array.from({ length: pages }, (_, page) => `Page ${page} is damaged.`);
    const check = (context: number) =>
      checkOperationResult({ dataIntegrityCheck: true }, "before_commit", {
        ...subject,
        result: 0,
        context,
        integrityCheck,
      });

    expect(await check(0)).toEqual([]);
    expect(await check(100)).toHaveLength(100);
    expect((await check(150)).at(-1)?.message).toBe("50 more findings were left out.");
    expect(await check(150)).toHaveLength(101);
  });

  it("is refused when there is nothing that could check it", async () => {
    expect(await ruleNames({ dataIntegrityCheck: true }, 0)).toEqual(["dataIntegrityCheck"]);
    expect(await ruleNames({ dataIntegrityCheck: true }, 0, "after_commit")).toEqual([]);
  });

  it("throws on what the check throws: it is not a finding", async () => {
    const broken = () => Promise.reject(new Error("The disk is gone."));
    const given = { ...subject, result: 0, integrityCheck: broken };

    await expect(
      checkOperationResult({ dataIntegrityCheck: true }, "before_commit", given),
    ).rejects.toThrow("The disk is gone.");
  });
});

it("V4: every broken rule of the phase is named, one that throws too", async () => {
  const rules: OperationRules<number> = {
    minimumCount: 9,
    own: [
      { name: "met", check: () => true },
      { name: "silent", check: () => {} },
      { name: "unmet", check: () => Promise.resolve(false) },
      { name: "wordy", check: (result) => `${result} is too few. ${"x".repeat(1_000)}` },
      { name: "broken", check: () => Promise.reject(new Error("No such table.")) },
      { name: "later", when: "after_commit", check: () => false },
    ],
  };
  const findings = await checkOperationResult(rules, "before_commit", { ...subject, result: 1 });

  expect(findings.map(({ rule, message, phase }) => [rule, phase, message.slice(0, 50)])).toEqual([
    ["minimumCount", "before_commit", "The result counts 1, and at least 9 are required."],
    ["unmet", "before_commit", "The rule is not met."],
    ["wordy", "before_commit", `1 is too few. ${"x".repeat(36)}`],
    ["broken", "before_commit", "The rule could not be checked: No such table."],
  ]);
  expect(findings[2]?.message).toHaveLength(500);
  expect(await ruleNames(rules as OperationRules<unknown>, 1, "after_commit")).toEqual(["later"]);
});

it("V4: rules are copied, and those that cannot be used are refused", () => {
  const own = [{ name: "a", check: () => true }];
  const resolved = resolveOperationRules({ own });
  own.push({ name: "b", check: () => false });

  expect(resolved.own).toHaveLength(1);
  expect(() => resolveOperationRules({ minimalCount: 1 } as object)).toThrow(
    expect.objectContaining({ code: "configuration.unknown_option" }),
  );
  expect(() => resolveOperationRules({ performanceThreshold: 0 })).toThrow(
    expect.objectContaining({ code: "configuration.invalid_option" }),
  );
  const many = Array.from({ length: operationRulesMax + 1 }, () => own[0]!);
  expect(resolveOperationRules({ own: many.slice(1) }).own).toHaveLength(operationRulesMax);
  expect(() => resolveOperationRules({ own: many })).toThrow(
    expect.objectContaining({ code: "validation.invalid_rule" }),
  );
});
