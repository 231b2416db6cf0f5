import { analyze } from "@atlas/errors";
import { createValidationCoordinator, requireAllValid, requireValid } from "@atlas/validation";
import { expect, it } from "vitest";
import { z } from "zod";

const schema = z.object({ a: z.string(), b: z.string(), c: z.string(), d: z.string() });
const good = { a: "1", b: "2", c: "3", d: "4" };

it("V2: an invalid item becomes validation.failed with all issues in the details", async () => {
  const result = await createValidationCoordinator(schema).validate({ ...good, a: 1, b: 2 });

  expect(() => requireValid(result)).toThrow(
    expect.objectContaining({
      code: "validation.failed",
      severity: "low",
      message:
        "The input is not valid: a: Invalid input: expected string, received number; " +
        "b: Invalid input: expected string, received number.",
      details: { issues: result.issues, truncated: false },
    }),
  );
});

it("V2: the message names three issues and says when there are more", async () => {
  const result = await createValidationCoordinator(schema).validate({});

  expect(() => requireValid(result)).toThrow(/a: .*; b: .*; c: .*; and more\.$/);
});

it("V2: valid items are handed out as values", async () => {
  const coordinator = createValidationCoordinator(schema);

  expect(requireValid(await coordinator.validate(good))).toEqual(good);
  expect(requireAllValid(await coordinator.validateMany([good, good]))).toEqual([good, good]);
});

it("V1: an error of the stored state refuses a batch of valid items", async () => {
  const check = { code: "store.broken", message: "The store is broken.", verify: () => [{}] };
  const coordinator = createValidationCoordinator(schema, { checks: [check] });

  const batch = await coordinator.validateMany([good]);

  expect(() => requireAllValid(batch)).toThrow("The input is not valid: The store is broken.");
});

it("E4: analyze knows the errors that zod really throws", () => {
  const { error } = schema.safeParse({ ...good, d: 5 });

  expect(analyze(error)).toMatchObject({
    source: "schema",
    code: "validation.failed",
    context: { issueCount: 1, issues: [{ path: ["d"], code: "invalid_type" }] },
  });
});
