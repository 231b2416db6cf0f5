import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { actor } from "../../src/testing/lock-actor.ts";
import { granted, managerOf } from "./granted.ts";

describe("T4: deadlocks", () => {
  test("a circle is found when its last wait begins, and the youngest is refused", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    await a.owner.lock("x", "exclusive");
    await b.owner.lock("y", "exclusive");
    await c.owner.lock("z", "exclusive");

    const waitB = b.owner.lock("z", "exclusive");
    const waitC = c.owner.lock("x", "exclusive");
    expect(await granted(waitB, waitC)).toEqual([false, false]);
    // The oldest closes the circle; not it, but the youngest pays.
    const waitA = a.owner.lock("y", "exclusive");

    await expect(waitC).rejects.toMatchObject({
      code: "transaction.deadlock",
      retryable: true,
      details: { owner: "owner3", name: "x" },
    });
    expect(locks.events.findLast(({ type }) => type === "lock.deadlock")).toEqual({
      type: "lock.deadlock",
      victim: "owner3",
      name: "x",
      cycle: ["owner1", "owner2", "owner3"],
    });
    await c.end();
    await waitB;
    await b.end();
    await waitA;
    await a.end();
  });

  test("two holders that upgrade are a deadlock; the younger keeps its shared lock", async () => {
    using locks = managerOf();
    const [a, b] = [await actor(locks), await actor(locks)];
    const [old, young] = [await a.owner.lock("x", "shared"), await b.owner.lock("x", "shared")];

    const first = old.upgrade();
    const second = young.upgrade();

    await expect(second).rejects.toMatchObject({ code: "transaction.deadlock" });
    expect(young.mode).toBe("shared");
    expect(await granted(first)).toEqual([false]);
    young.release();
    await first;
    await Promise.all([a.end(), b.end()]);
  });

  test("a wait behind a queue can close a circle too", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    await a.owner.lock("x", "shared");
    await c.owner.lock("y", "exclusive");
    const writer = b.owner.lock("x", "exclusive");
    const other = a.owner.lock("y", "shared");
    // Compatible with every holder of x, but behind a writer that waits for one who waits for us.
    const reader = c.owner.lock("x", "shared");

    await expect(reader).rejects.toMatchObject({ code: "transaction.deadlock" });
    await c.end();
    await other;
    await a.end();
    await writer;
    await b.end();
  });

  test("branches of one owner count together", async () => {
    using locks = managerOf();
    const [a, b] = [await actor(locks), await actor(locks)];
    await a.owner.lock("x", "exclusive");
    await b.owner.lock("y", "exclusive");
    await b.owner.lock("z", "exclusive");

    const branches = [a.owner.lock("y", "exclusive"), a.owner.lock("z", "exclusive")];
    const closing = b.owner.lock("x", "exclusive");

    await expect(closing).rejects.toMatchObject({ code: "transaction.deadlock" });
    await b.end();
    await Promise.all(branches);
    await a.end();
  });

  test("a circle through two requests of one owner in the same queue is found", async () => {
    using locks = managerOf();
    const [h, a, q] = [await actor(locks), await actor(locks), await actor(locks)];
    await h.owner.lock("x", "exclusive");
    await q.owner.lock("z", "exclusive");
    const first = a.owner.lock("x", "shared");
    const between = q.owner.lock("x", "exclusive");
    const second = a.owner.lock("x", "exclusive");
    const closing = a.owner.lock("z", "exclusive");

    await expect(between).rejects.toMatchObject({ code: "transaction.deadlock" });
    await Promise.all([h.end(), q.end()]);
    await Promise.all([first, second, closing]);
    await a.end();
  });

  test("one wait can close several circles; each gets its victim", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    await a.owner.lock("x", "exclusive");
    await b.owner.lock("y", "shared");
    await c.owner.lock("y", "shared");
    const victims = [b.owner.lock("x", "exclusive"), c.owner.lock("x", "exclusive")];
    await turn();

    const oldest = a.owner.lock("y", "exclusive");

    for (const victim of victims)
      await expect(victim).rejects.toMatchObject({ code: "transaction.deadlock" });
    await Promise.all([b.end(), c.end()]);
    await oldest;
    await a.end();
  });

  test("a victim runs again by itself with the same identity, whatever wraps the refusal", async () => {
    using locks = managerOf();
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");
    const attempts: number[] = [];
    const holdsY = Promise.withResolvers<void>();

    const victim = locks.run(async (owner) => {
      attempts.push(owner.attempt);
      await locks.lock("y", "exclusive");
      holdsY.resolve();
      try {
        await locks.lock("x", "exclusive");
      } catch (cause) {
        throw new Error("The report could not be written.", { cause });
      }
      return owner.id;
    });
    await holdsY.promise;
    await turn();
    await a.owner.lock("y", "exclusive");
    await a.end();

    expect(await victim).toBe("owner2");
    expect(attempts).toEqual([1, 2]);
    expect(locks.events.filter(({ type }) => type === "lock.retry")).toMatchObject([
      { owner: "owner2", attempt: 2 },
    ]);
  });

  test("what a later attempt took early is given back with the lock it was taken for", async () => {
    using locks = managerOf({ retry: { pauseMs: 0 } });
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");
    const steps: string[] = [];
    const pausing = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<void>();

    const victim = locks.run(async ({ attempt }) => {
      const y = await locks.lock("y", "exclusive");
      if (attempt === 1) pausing.resolve();
      await locks.lock("x", "shared");
      y.downgrade();
      steps.push(`attempt ${attempt}`);
      seen.resolve();
      await turn();
      y.release();
      await turn();
    });
    await pausing.promise;
    await turn();
    await a.owner.lock("y", "exclusive");
    await a.end();
    await seen.promise;

    await locks.run(async () => void (await locks.lock("y", "shared", { timeoutMs: 0 })));
    await victim;
    expect(steps).toEqual(["attempt 2"]);
  });

  test("a lock that a later attempt cannot have early is left to its body", async () => {
    using locks = managerOf({ timeoutMs: 20 });
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");
    const outcomes: string[] = [];
    const holdsY = Promise.withResolvers<void>();

    const victim = locks.run(async ({ attempt }) => {
      await locks.lock("y", "exclusive");
      holdsY.resolve();
      if (attempt > 1) outcomes.push("without x");
      else await locks.lock("x", "exclusive", { timeoutMs: 10_000 });
    });
    await holdsY.promise;
    await turn();
    const y = await a.owner.lock("y", "exclusive", { timeoutMs: 10_000 });
    y.release();

    await victim;
    expect(outcomes).toEqual(["without x"]);
    await a.end();
  });

  test("the attempts of a victim have a limit, and other errors are not repeated", async () => {
    using locks = managerOf();
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");
    const holdsY = Promise.withResolvers<void>();

    const victim = locks.run(
      async () => {
        await locks.lock("y", "exclusive");
        holdsY.resolve();
        await locks.lock("x", "exclusive");
      },
      { retry: { attemptsMax: 1 } },
    );
    await holdsY.promise;
    await turn();
    const other = a.owner.lock("y", "exclusive");

    await expect(victim).rejects.toMatchObject({ code: "transaction.deadlock" });
    await other;
    await a.end();
    let runs = 0;
    const failing = locks.run(() => {
      runs += 1;
      throw new Error("once");
    });
    await expect(failing).rejects.toThrow("once");
    expect(runs).toBe(1);
  });

  test("T4: no livelock: whoever is refused again and again is the oldest in the end", async () => {
    // The worst case: newcomers without end, each of which closes a circle with the
    // same owner. The owner keeps its age, so only older owners can make it a victim:
    // their waits are finitely many, however many newcomers there are.
    using locks = managerOf({ retry: { pauseMs: 0 } });
    let stop = false;
    const circle = (names: readonly [string, string]): Promise<void> =>
      locks.run(async () => {
        await locks.lock(names[0], "exclusive");
        await turn();
        await locks.lock(names[1], "exclusive");
        await turn();
      });
    const old = Array.from({ length: 20 }, (_, at) => circle(at % 2 ? ["x", "y"] : ["y", "x"]));
    const ids = new Set<string>();
    const watched = locks.run(async ({ id }) => {
      ids.add(id);
      await locks.lock("x", "exclusive");
      await turn();
      await locks.lock("y", "exclusive");
    });
    let newcomers = 0;
    const stream = Array.from({ length: 8 }, async () => {
      for (let count = 0; !stop && count < 10_000; count += 1) {
        newcomers += 1;
        await circle(["y", "x"]);
      }
    });

    await watched;
    stop = true;
    await Promise.all([...old, ...stream]);

    expect([...ids]).toEqual(["owner21"]);
    const ageOf = (id: string): number => Number(id.slice("owner".length));
    const deadlocks = locks.events.filter((event) => event.type === "lock.deadlock");
    expect(deadlocks.length).toBeGreaterThan(0);
    for (const { victim, cycle } of deadlocks)
      expect(ageOf(victim)).toBe(Math.max(...cycle.map(ageOf)));
    // It ended while they still came.
    expect(newcomers).toBeLessThan(80_000);
    expect(locks.table().held).toBe(0);
  });
});
