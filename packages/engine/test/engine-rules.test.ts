import { openEngine } from "@atlas/engine";
import { engineRules } from "@atlas/engine/testing";
import { describe, expect, it } from "vitest";
import { openTemporaryStore } from "./temporary-store.ts";

describe("G1 V1 V3 B4: the rules of every UnifiedStorageEngine, over a SQLite file", () => {
  it.each(engineRules)("$name", async ({ check }) => {
    const subject = { openEngine, openStore: openTemporaryStore };

    await expect(check(subject)).resolves.toBeUndefined();
  });
});
