import { createValidationCoordinator, defineRule, requireValid } from "@atlas/validation";
import { createShop, stockRule } from "../src/testing/shop-fixture.ts";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";

// Goal: nothing but the standard is asked of a schema. Method: the same
// questions to two libraries and to a schema written by hand.

const order = v.strictObject({
  product: v.pipe(v.string(), v.minLength(1)),
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  tags: v.optional(v.array(v.object({ name: v.string() }))),
});

describe("V1: schemas of valibot", () => {
  const orders = createValidationCoordinator(order, { rules: [stockRule] });

  it("answer with their output, and rules run on it", async () => {
    const context = createShop();

    expect(requireValid(await orders.validate({ product: "pen" }, { context }))).toEqual({
      product: "pen",
      count: 1,
    });
    expect(await orders.validate({ product: "pen", count: 3 }, { context })).toMatchObject({
      issues: [{ code: "order.out_of_stock", path: ["count"] }],
    });
  });

  it("are reported with their own kinds of issues as codes, and with paths", async () => {
    const input = { product: "", count: "3", tags: [{ name: "a" }, { name: 2 }], colour: 1 };

    const { issues } = await orders.validate(input, { context: createShop() });

    expect(issues.map(({ code, path }) => [code, ...path].join(" "))).toEqual([
      "schema.min_length product",
      "schema.number count",
      "schema.string tags 1 name",
      "schema.strict_object colour",
    ]);
  });

  it("may be asynchronous", async () => {
    const slow = v.pipeAsync(
      v.string(),
      v.checkAsync((name) => Promise.resolve(name !== "taken"), "Taken."),
    );
    const names = createValidationCoordinator(slow);

    const { results } = await names.validateMany(["free", "taken"]);

    expect(results).toMatchObject([
      { ok: true, value: "free" },
      { issues: [{ message: "Taken." }] },
    ]);
  });
});

describe("V1: schemas of one's own", () => {
  class Even {
    readonly divisor = 2;
    readonly "~standard" = {
      version: 1 as const,
      divisor: 2,
      validate(input: unknown): { value: number } | { issues: { message: string }[] } {
        return Number(input) % this.divisor === 0 ? { value: Number(input) } : { issues: [] };
      },
    };
  }

  it("keep their this, and an item that is refused without an issue gets one", async () => {
    const { results } = await createValidationCoordinator(new Even()).validateMany([2, 3]);

    expect(results).toMatchObject([
      { ok: true, value: 2 },
      { ok: false, issues: [{ code: "schema.invalid", message: "The schema refused the item." }] },
    ]);
  });

  it("may answer for some items at once and for others later, in whatever order", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        validate: (input: unknown) => {
          const answer = input === 7 ? { issues: [{ message: "No." }] } : { value: Number(input) };
          return Number(input) % 3 === 0 || input === 7 ? Promise.resolve(answer) : answer;
        },
      },
    };
    const rule = defineRule<number>({
      code: "a.b",
      message: "No.",
      fields: "all",
      check: (n) => n !== 8,
    });
    const numbers = createValidationCoordinator(schema, { rules: [rule] });

    const { results } = await numbers.validateMany([1, 2, 3, 4, 6, 7, 8, 9]);

    expect(results.map((result) => (result.ok ? result.value : result.issues[0]?.stage))).toEqual([
      1,
      2,
      3,
      4,
      6,
      "schema",
      "rule",
      9,
    ]);
  });

  it("are asked for their function once, however many items there are", async () => {
    let asked = 0;
    const schema = {
      get "~standard"() {
        asked += 1;
        return z.number()["~standard"];
      },
    };
    const numbers = createValidationCoordinator(schema);

    await numbers.validateMany([1, 2, 3]);
    await numbers.validate(4);

    expect(asked).toBe(1);
  });
});

it("V2: results without issues share their empty list, and nobody can add to it", async () => {
  const rule = defineRule<number>({
    code: "a.b",
    message: "No.",
    fields: "all",
    check: () => true,
  });
  const numbers = createValidationCoordinator(z.number(), { rules: [rule] });

  const { results } = await numbers.validateMany([1, 2]);

  expect(results[0]?.issues).toBe(results[1]?.issues);
  expect(() => (results[0]!.issues as unknown[]).push(1)).toThrow(TypeError);
});
