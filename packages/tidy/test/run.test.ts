import { expect, test } from "vitest";
import { mapConcurrently, run } from "../src/run.ts";

test("a captured run holds both streams, and says how it ended", async () => {
  const code = "console.log('out'); console.error('err'); process.exitCode = 1;";

  const result = await run(process.execPath, ["-e", code], { output: "capture" });

  expect(result.ok).toBe(false);
  expect(result.output.split("\n").toSorted()).toEqual(["", "err", "out"]);
});

test("a program that cannot be started failed", async () => {
  const result = await run("atlas-no-such-program", [], { output: "capture" });

  expect(result.ok).toBe(false);
});

test("work runs a few at a time, and results keep the order of the items", async () => {
  let running = 0;
  let most = 0;

  const results = await mapConcurrently([3, 1, 2], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    running -= 1;
    return item * 10;
  });

  expect(results).toEqual([30, 10, 20]);
  expect(most).toBe(2);
});
