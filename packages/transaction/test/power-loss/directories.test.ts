/** What a transaction relies on need not have been made by it. */
import { describe, expect, test } from "vitest";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import { compilePreload, preloadMissing } from "../fixtures/preload.ts";
import { Disk } from "./disk.ts";
import { recordWorkload } from "./record-workload.ts";

const missing = preloadMissing();
describe.skipIf(missing !== undefined)(
  `directories${missing ? ` (skipped: ${missing})` : ""}`,
  () => {
    test("T3 D8: a document outlives a power failure in a directory whose maker synced nothing", async () => {
      using directory = memoryDirectory();
      const { records } = await recordWorkload({
        library: compilePreload(directory),
        script: "unsynced-directory-child.ts",
        seed: 1,
        transactions: 0,
        syncDelayUs: 0,
      });
      const disk = new Disk();
      const told = records.findIndex(({ kind }) => kind === "mark");
      for (const record of records.slice(0, told)) disk.apply(record);
      const image = disk.image("nothing", Math.random);
      const found = image.get("data-files/of somebody/else/document");
      expect(told).toBeGreaterThan(0);
      expect(found?.content?.toString()).toBe("content");
    }, 60_000);
  },
);
