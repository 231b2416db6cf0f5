import {
  createValidationCoordinator,
  defineRule,
  type RuntimeCheck,
  type ValidationEvent,
} from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const anything = z.unknown();

describe("V2: the size of what is reported is bounded", () => {
  it("messages end after 500 characters, without half a character", async () => {
    const rule = (message: string) =>
      defineRule({ code: "a.b", message, fields: "all", check: () => false });
    const messageOf = async (message: string): Promise<string | undefined> =>
      (await createValidationCoordinator(anything, { rules: [rule(message)] }).validate(0))
        .issues[0]?.message;

    expect(await messageOf("x".repeat(500))).toBe("x".repeat(500));
    expect(await messageOf("x".repeat(501))).toBe(`${"x".repeat(499)}…`);
    expect(await messageOf(`${"x".repeat(498)}🖋🖋`)).toBe(`${"x".repeat(498)}…`);
  });

  it("paths end after 64 parts of 200 characters", async () => {
    const path = Array.from({ length: 70 }, (_, at) => (at === 1 ? "k".repeat(300) : at));
    const rule = defineRule({
      code: "a.b",
      message: "No.",
      fields: "all",
      check: () => [{ path }],
    });

    const { issues } = await createValidationCoordinator(anything, { rules: [rule] }).validate(0);

    expect(issues[0]?.path).toHaveLength(64);
    expect(issues[0]?.path[1]).toBe(`${"k".repeat(199)}…`);
  });

  it("unknown keys beyond the bound are counted and cost no issue", async () => {
    const events: ValidationEvent[] = [];
    const coordinator = createValidationCoordinator(z.strictObject({}), {
      issuesMax: 2,
      onEvent: (event) => events.push(event),
    });

    const result = await coordinator.validate({ a: 1, b: 2, c: 3, d: 4 });

    expect([result.issues.length, result.truncated, events[0]?.errors]).toEqual([2, true, 4]);
  });

  it("a check that finds more than is kept says how much, and repairs go on in rounds", async () => {
    const broken = new Set(Array.from({ length: 250 }, (_, at) => at));
    const check: RuntimeCheck<undefined> = {
      code: "a.b",
      message: "No.",
      async *verify() {
        for (const at of broken) yield { path: [at], repairs: [{ ...repair, data: at }] };
      },
      repair: (steps) => steps.forEach(({ data }) => broken.delete(data as number)),
    };
    const coordinator = createValidationCoordinator(anything, { checks: [check], issuesMax: 100 });

    let state = await coordinator.verify(undefined);
    expect([state.findings.length, state.plan.steps.length, state.plan.truncated]).toEqual([
      100,
      100,
      true,
    ]);
    expect(state.checks).toEqual([{ code: "a.b", findings: 250, repairable: 250 }]);
    for (let round = 0; round < 3 && !state.ok; round += 1) {
      state = (await coordinator.repair(state.plan, undefined, "safe")).after;
    }

    expect([state.ok, state.plan.truncated, broken.size]).toEqual([true, false, 0]);
  });
});

it("V1: a step of a plan whose data are not what the check proposes is not carried out", async () => {
  const given: unknown[] = [];
  const check: RuntimeCheck<undefined> = {
    code: "a.b",
    message: "No.",
    verify: () => [{ repairs: [{ ...repair, data: { key: 1 } }] }],
    repair: (steps) => void given.push(...steps),
  };
  const coordinator = createValidationCoordinator(anything, { checks: [check] });
  const { plan } = await coordinator.verify(undefined);
  const steps = plan.steps.map((step) => ({ ...step, data: { key: 2 } }));

  const result = await coordinator.repair({ ...plan, steps }, undefined, "safe");

  expect(result.steps).toEqual([{ number: 1, outcome: "unneeded" }]);
  expect(given).toEqual([]);
});

const repair = { name: "drop", description: "Drop it.", safety: "safe" } as const;

describe("V1: proposals that cannot be carried out", () => {
  const checkWith = (part: Partial<RuntimeCheck<undefined>>): RuntimeCheck<undefined> => ({
    code: "a.b",
    message: "No.",
    verify: () => [{ repairs: [repair] }],
    ...part,
  });
  it.each([
    ["without a repair", checkWith({}), "cannot carry them out"],
    [
      "with one name twice",
      checkWith({ verify: () => [{ repairs: [repair, repair] }], repair: () => {} }),
      "two repairs of the same name",
    ],
    [
      "with more than ten",
      checkWith({
        verify: () => [
          { repairs: Array.from({ length: 11 }, (_, at) => ({ ...repair, name: `drop${at}` })) },
        ],
        repair: () => {},
      }),
      "more than 10 repairs",
    ],
  ])("%s are a defect of the check", async (_name, check, reason) => {
    await expect(
      createValidationCoordinator(anything, { checks: [check] }).verify(undefined),
    ).rejects.toMatchObject({
      code: "validation.invalid_rule",
      message: expect.stringContaining(reason),
    });
  });
});

describe("V2: streams", () => {
  const numbers = (onEvent: (event: ValidationEvent) => void) =>
    createValidationCoordinator(z.number(), { onEvent, itemsMax: 2 });

  it("are reported once, when they end or are left, and not when they fail", async () => {
    const events: ValidationEvent[] = [];
    const coordinator = numbers((event) => events.push(event));

    for await (const _batch of coordinator.validateStream([1, "2", 3]));
    for await (const _batch of coordinator.validateStream([1, 2, 3])) break;
    await expect(async () => {
      for await (const _batch of coordinator.validateStream([1, 2, 3])) throw new Error("left");
    }).rejects.toThrow("left");
    const failing = async function* () {
      yield* [1, 2];
      throw new Error("failed");
    };
    await expect(async () => {
      for await (const _batch of coordinator.validateStream(failing()));
    }).rejects.toThrow("failed");

    expect(events.map(({ items, rejected, errors }) => [items, rejected, errors])).toEqual([
      [3, 1, 1],
      [2, 0, 0],
      [2, 0, 0],
    ]);
  });

  it("leave the thread to others between two batches", async () => {
    let turns = 0;
    setImmediate(() => (turns += 1));
    const seen: number[] = [];

    for await (const _batch of numbers(() => {}).validateStream([1, 2, 3], { batchSize: 1 })) {
      seen.push(turns);
    }

    expect(seen).toEqual([0, 1, 1]);
  });

  it("refuse a batch larger than itemsMax, and options that do not exist", async () => {
    const first = (options: object) =>
      numbers(() => {})
        .validateStream([], options)
        .next();

    await expect(first({ batchSize: 3 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
    await expect(first({ size: 1 })).rejects.toMatchObject({
      code: "configuration.unknown_option",
    });
    expect(await first({ batchSize: 2 })).toEqual({ done: true, value: undefined });
  });
});
