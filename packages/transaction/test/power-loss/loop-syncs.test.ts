/** Who waits for the disk: not the event loop. */
import { describe, expect, test } from "vitest";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import { compilePreload, preloadMissing } from "../fixtures/preload.ts";
import { logBeginnings } from "./io-log.ts";
import { recordWorkload } from "./record-workload.ts";

const missing = preloadMissing();
describe.skipIf(missing !== undefined)(
  `syncs of a busy process${missing ? ` (skipped: ${missing})` : ""}`,
  () => {
    test("T2 D6: none is waited for in the event loop, also when the log starts again", async () => {
      using directory = memoryDirectory();
      const { records } = await recordWorkload({
        library: compilePreload(directory),
        script: "busy-child.ts",
        seed: 1,
        transactions: 8_000,
        syncDelayUs: 3_000,
      });
      const [busy = 0, done = 0] = records.flatMap(({ kind }, at) => (kind === "mark" ? [at] : []));

      const syncs = records
        .slice(busy, done)
        .flatMap((record) => (record.kind === "sync-begin" ? [record] : []));

      expect(logBeginnings(records).filter((at) => at > busy && at < done).length).toBeGreaterThan(
        10,
      );
      expect(syncs.length).toBeGreaterThan(100);
      expect(syncs.filter(({ inLoop }) => inLoop)).toEqual([]);
    }, 60_000);
  },
);
