import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { sideBySide } from "../../src/participants/side-by-side.ts";

test("work is begun in its order, and so many pieces at a time and no more", async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;

  await sideBySide(Array.from({ length: 50 }).keys(), async (item) => {
    begun.push(item);
    most = Math.max(most, (running += 1));
    await nextTurn();
    running -= 1;
  });

  expect(begun).toEqual([...Array.from({ length: 50 }).keys()]);
  expect([most, running]).toEqual([16, 0]);
});

test("the first error ends it when all that was begun has ended, and begins nothing more", async () => {
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  let ended = 0;

  const failing = sideBySide(Array.from({ length: 50 }).keys(), async (item) => {
    begun += 1;
    if (item === 3) throw new Error("EIO");
    await gate.promise;
    ended += 1;
  });
  await nextTurn();
  expect([begun, ended]).toEqual([16, 0]);
  gate.resolve();

  await expect(failing).rejects.toThrow("EIO");
  expect([begun, ended]).toEqual([16, 15]);
});
