/**
 * Processes are killed at random moments and at named points while they change
 * stores in every way the package offers. Afterwards each store is compared
 * with what the callers were told, and with its own invariants.
 */
import { describe, expect, test } from "vitest";
import { describeCrashes, runCrashes } from "./run-crashes.ts";

const rounds = Number(process.env["ATLAS_CRASH_ROUNDS"] ?? 200);
const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);

describe("crash", () => {
  test(`T1 T5: after ${rounds} crashes all that was acknowledged is there, and nothing in part (seed ${seed})`, async () => {
    const figures = await runCrashes({ rounds, seed });
    process.stdout.write(`${describeCrashes(figures, seed)}\n`);
    expect(figures.contradictions).toEqual([]);
    expect(figures.rounds).toBeGreaterThanOrEqual(rounds);
    // Otherwise nothing was compared.
    expect(figures.acknowledged).toBeGreaterThan(0);
  }, 600_000);

  for (const [fault, evidence] of [
    ["acknowledge without a COMMIT", /Lost: |belongs to no row/],
    ["a savepoint released out of order", /there in part|Kept: /],
  ] as const)
    test(`T1: a planted mistake is caught: ${fault} (seed ${seed})`, async () => {
      const { contradictions } = await runCrashes({ rounds: 12, seed, fault });
      expect(contradictions.join("\n")).toMatch(evidence);
    }, 120_000);

  test(`T3: a planted mistake is caught: a journal entry outside the COMMIT (seed ${seed})`, async () => {
    const { contradictions } = await runCrashes({
      rounds: 16,
      seed,
      fault: "a journal entry outside the COMMIT",
      points: [["file committed", 2]],
    });
    expect(contradictions.join("\n")).toMatch(
      /Lost: the file|not what its row says|belongs to no row/,
    );
  }, 120_000);
});
