/** The power fails while the file of a store is being made: nothing is in it, but it must open. */
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import { compilePreload, preloadMissing } from "../fixtures/preload.ts";
import { randomFrom } from "../seeded-random.ts";
import { describe, expect, test } from "vitest";
import { checkImage, writeImage } from "./check-image.ts";
import { Disk } from "./disk.ts";
import { recordWorkload } from "./record-workload.ts";
import { endOfCreation } from "./run-power-losses.ts";

const missing = preloadMissing();
describe.skipIf(missing !== undefined)(`creation${missing ? ` (skipped: ${missing})` : ""}`, () => {
  test("D8: a store whose making was interrupted at any moment opens", async () => {
    using directory = memoryDirectory();
    const library = compilePreload(directory);
    const { records } = await recordWorkload({ library, seed: 1, transactions: 2, syncDelayUs: 0 });
    const random = randomFrom(1);
    const disk = new Disk();
    const found: string[] = [];
    for (const record of records.slice(0, endOfCreation(records))) {
      disk.apply(record);
      for (const survival of ["nothing", "everything", "scattered"] as const) {
        const path = directory.file("image");
        const image = writeImage(path, disk.image(survival, random), random);
        found.push(...(await checkImage(image, [], 1)));
      }
    }
    expect(found).toEqual([]);
  }, 60_000);
});
