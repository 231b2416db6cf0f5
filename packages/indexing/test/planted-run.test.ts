import { describe, expect, it } from "vitest";
import { corruptionKinds } from "./fixtures/corruption-kinds.ts";
import { runPlanted } from "./fixtures/planted-run.ts";

describe("I3: a store that is damaged at random", () => {
  // Goal: nothing that was planted stays unseen, nothing that was seen stays wrong, and neither
  // looking nor mending stops whoever reads and writes. Method: seeded planting past every
  // safeguard, twenty at a time; `node --conditions=@atlas/source test/fixtures/planted-run.ts
  // --corruptions 500 --seed <n>` is the same at length.
  it.each([1, 7])(
    "verify names each corruption and rebuild repairs all (seed %i)",
    async (seed) => {
      const report = await runPlanted({ corruptions: 60, seed, nodes: 300 });

      expect(report.missed).toEqual([]);
      expect(report.left).toEqual([]);
      expect(report.planted).toBe(60);
      expect(report.reads).toBeGreaterThan(0);
      expect(report.writes).toBeGreaterThan(0);
    },
    60_000,
  );

  it("each way to damage an index is found by itself", async () => {
    const kinds = corruptionKinds.map(({ index, name }) => `${index}: ${name}`);

    const report = await runPlanted({ corruptions: kinds.length, seed: 3, nodes: 120, each: true });

    expect(report.missed).toEqual([]);
    expect(report.left).toEqual([]);
    expect(Object.keys(report.byKind).toSorted()).toEqual(kinds.toSorted());
  }, 60_000);
});
