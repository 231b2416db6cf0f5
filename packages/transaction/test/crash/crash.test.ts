/**
 * Processes are killed at random moments and at named points while they change
 * stores in every way the package offers. Afterwards each store is compared
 * with what the callers were told, and with its own invariants.
 */
import { describe, expect, test } from "vitest";
import { type CrashOptions, describeCrashes, runCrashes } from "./run-crashes.ts";

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
      expect(await contradictionsOf({ rounds: 12, seed, fault }, evidence)).toMatch(evidence);
    }, 120_000);

  test(`T3: a planted mistake is caught: a journal entry outside the COMMIT (seed ${seed})`, async () => {
    const evidence = /Lost: the file|not what its row says|belongs to no row/;
    const fault = "a journal entry outside the COMMIT";
    const options = { rounds: 16, seed, fault, points: [["file committed", 2]] } as const;
    expect(await contradictionsOf(options, evidence)).toMatch(evidence);
  }, 120_000);
});

/** A mistake shows only when a process is killed at the right moment: tries several seeds. */
async function contradictionsOf(options: CrashOptions, evidence: RegExp): Promise<string> {
  let found = "";
  for (let more = 0; more < 8 && !evidence.test(found); more += 1) {
    const { contradictions } = await runCrashes({ ...options, seed: options.seed + more });
    found = contradictions.join("\n");
  }
  return found;
}
