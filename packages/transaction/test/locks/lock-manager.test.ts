import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { actor } from "../../src/testing/lock-actor.ts";
import { granted, managerOf } from "./granted.ts";

describe("T4: named locks", () => {
  test("an exclusive lock inside a shared one of the same owner is an upgrade", async () => {
    using locks = managerOf();
    const [a, b] = [await actor(locks), await actor(locks)];
    await a.owner.lock("x", "shared");
    const other = await b.owner.lock("x", "shared");

    const inner = a.owner.lock("x", "exclusive");
    expect(await granted(inner)).toEqual([false]);
    other.release();
    const handle = await inner;
    const back = b.owner.lock("x", "shared");
    expect(await granted(back)).toEqual([false]);
    handle.release();

    expect(await granted(back)).toEqual([true]);
    await Promise.all([a.end(), b.end()]);
  });

  test("an owner that asks twice in a queue is not kept waiting by who stands between", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    const held = await a.owner.lock("x", "exclusive");
    const waits = [
      b.owner.lock("x", "shared"),
      c.owner.lock("x", "exclusive"),
      b.owner.lock("x", "exclusive"),
    ];

    expect(await granted(...waits)).toEqual([false, false, false]);
    held.release();
    expect(await granted(...waits)).toEqual([true, false, true]);
    await Promise.all([a.end(), b.end()]);
    expect(await granted(...waits)).toEqual([true, true, true]);
    await c.end();
  });

  test("an upgrade is served before those who hold nothing, and downgrades let them in", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    const mine = await a.owner.lock("x", "shared");
    const other = await b.owner.lock("x", "shared");
    const shared = mine.fencingToken;

    const upgrade = mine.upgrade();
    const late = c.owner.lock("x", "shared");
    expect(await granted(upgrade, late)).toEqual([false, false]);
    other.release();
    expect(await granted(upgrade, late)).toEqual([true, false]);
    expect(mine.mode).toBe("exclusive");
    expect(mine.fencingToken).toBeGreaterThan(shared);
    await mine.upgrade();
    mine.downgrade();
    mine.downgrade();

    expect(await granted(late)).toEqual([true]);
    expect((await late).fencingToken).toBeGreaterThan(mine.fencingToken);
    await Promise.all([a.end(), b.end(), c.end()]);
  });

  test("a lock released in the moment of its upgrade is gone altogether", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    const mine = await a.owner.lock("x", "shared");
    const other = await b.owner.lock("x", "shared");
    const upgrade = mine.upgrade();
    const late = c.owner.lock("x", "exclusive");

    await turn();
    other.release();
    mine.release();

    await upgrade;
    expect(await granted(late)).toEqual([true]);
    await Promise.all([a.end(), b.end(), c.end()]);
  });

  test("releasing a lock ends the wait for its upgrade", async () => {
    using locks = managerOf();
    const [a, b] = [await actor(locks), await actor(locks)];
    await using mine = await a.owner.lock("x", "shared");
    await b.owner.lock("x", "shared");
    const upgrade = mine.upgrade();
    await turn();

    mine.release();
    mine.release();

    await expect(upgrade).rejects.toMatchObject({ code: "transaction.lock_released" });
    await expect(mine.upgrade()).rejects.toMatchObject({ code: "transaction.lock_released" });
    expect(() => mine.downgrade()).toThrow(/has been released/);
    await Promise.all([a.end(), b.end()]);
  });
});
