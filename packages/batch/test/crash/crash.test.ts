import { describe, expect, it } from "vitest";
import { describeCrashes, runCrashes } from "./run-crashes.ts";

const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);

describe("B6: a job that is killed in the middle", () => {
  it.each(["sequential", "concurrent", "adaptive"] as const)(
    `goes on, does no item twice and loses none: %s (seed ${seed})`,
    async (strategy) => {
      const options = { kills: 2, items: 5_000, seed, strategies: [strategy] };

      const figures = await runCrashes(options);

      process.stdout.write(`${describeCrashes(figures, options)}\n`);
      expect(figures[0]?.contradictions).toEqual([]);
      expect(figures[0]?.kills).toBe(2);
    },
    120_000,
  );

  // Such a mistake shows only when a process is killed between two writes: tries several seeds.
  it(`would be noticed to do items twice (seed ${seed})`, async () => {
    const options = { kills: 4, items: 5_000, strategies: ["concurrent"], fault: true } as const;
    let found = "";
    for (let more = 0; more < 12 && !found.includes("done twice"); more += 1) {
      const [figures] = await runCrashes({ ...options, seed: seed + more });
      found = figures?.contradictions.join("\n") ?? "";
    }

    expect(found).toMatch(/done twice/);
  }, 120_000);
});
