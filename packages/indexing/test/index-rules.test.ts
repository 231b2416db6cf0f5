import { createIndexCoordinator } from "@atlas/indexing";
import { indexRules } from "@atlas/indexing/testing";
import { describe, expect, it } from "vitest";
import { openTemporaryStore } from "./temporary-store.ts";

describe("I1 I2 I3: the rules of every IndexCoordinator, over a SQLite file", () => {
  it.each(indexRules)("$name", async ({ check }) => {
    const subject = { create: createIndexCoordinator, open: openTemporaryStore };

    await expect(check(subject)).resolves.toBeUndefined();
  });
});
