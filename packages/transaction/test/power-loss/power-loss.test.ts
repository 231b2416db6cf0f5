/**
 * The power fails at random moments of a recorded workload; the store is made
 * anew from what the disk may hold then. With a planted mistake something has
 * to be missing, or the suite would prove nothing.
 */
import { describe, expect, test } from "vitest";
import { preloadMissing } from "../fixtures/preload.ts";
import { describePowerLosses, runPowerLosses } from "./run-power-losses.ts";

const images = Number(process.env["ATLAS_POWER_LOSS_IMAGES"] ?? 300);
const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);
const missing = preloadMissing();

describe.skipIf(missing !== undefined)(
  `power loss${missing ? ` (skipped: ${missing})` : ""}`,
  () => {
    test(`T1 T5: in ${images} images every transaction acknowledged before is there, none in part (seed ${seed})`, async () => {
      const figures = await runPowerLosses({ images, seed });
      process.stdout.write(`${describePowerLosses(figures, { images, seed })}\n`);
      expect(figures.contradictions).toEqual([]);
      expect(figures.images).toBe(images);
      // Otherwise there was nothing to lose.
      expect(figures.lookedFor).toBeGreaterThan(images);
      expect(figures.beginnings).toBeGreaterThan(4 * figures.recordings);
    }, 600_000);

    for (const fault of [
      "acknowledge before the sync",
      "skip the sync",
      "a journal entry outside the COMMIT",
    ] as const)
      test(`T1 T3: a planted mistake is caught: ${fault} (seed ${seed})`, async () => {
        const figures = await runPowerLosses({ images: 40, seed, fault });
        expect(figures.bad).toBeGreaterThan(0);
        expect(figures.contradictions.join("\n")).toMatch(/Lost: |All is lost/);
      }, 120_000);
  },
);
