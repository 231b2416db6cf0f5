import { createValidationCoordinator } from "@atlas/validation";
import { coordinatorRules } from "@atlas/validation/testing";
import { describe, expect, it } from "vitest";

describe("V1 V2 V3: the rules of every ValidationCoordinator", () => {
  it.each(coordinatorRules)("$name", async ({ check }) => {
    await expect(check(createValidationCoordinator)).resolves.toBeUndefined();
  });
});
