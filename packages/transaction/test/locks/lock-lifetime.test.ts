import { setImmediate as turn } from "node:timers/promises";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import {
  createLockManager,
  type LockHandle,
  type LockManager,
  type LockOwner,
} from "@atlas/transaction/locks";
import { describe, expect, test } from "vitest";
import { actor } from "../../src/testing/lock-actor.ts";
import { granted, managerOf } from "./granted.ts";

describe("T4: what ends a lock or a wait", () => {
  test("an owner's locks end with it, whoever forgot to release them", async () => {
    using locks = managerOf();
    let late: LockHandle | undefined;
    let owner: LockOwner | undefined;

    await locks.run(async (self) => {
      owner = self;
      late = await locks.lock("x", "exclusive");
      // An inner run belongs to the same unit of work.
      await locks.run(async () => {
        expect((await locks.lock("x", "exclusive", { timeoutMs: 0 })).name).toBe("x");
      });
    });

    expect(locks.table()).toEqual({ locks: [], held: 0, waiting: 0 });
    expect(() => late?.downgrade()).toThrow(/has been released/);
    await expect(owner?.lock("x", "shared")).rejects.toMatchObject({
      code: "transaction.lock_owner_ended",
    });
    await expect(locks.lock("x", "shared")).rejects.toMatchObject({
      code: "transaction.lock_unowned",
    });
  });

  test("a wait that its body does not await ends with the body", async () => {
    using locks = managerOf();
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");
    let floating: Promise<LockHandle> | undefined;

    await locks.run(async () => {
      floating = locks.lock("x", "exclusive");
      await turn();
    });

    await expect(floating).rejects.toMatchObject({ code: "transaction.lock_owner_ended" });
    expect(locks.table().waiting).toBe(0);
    await a.end();
  });

  test("a wait has a deadline, a signal, and may be forbidden", async () => {
    using locks = managerOf();
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    const held = await a.owner.lock("x", "shared");
    const stop = new AbortController();

    const cancelled = b.owner.lock("x", "exclusive", { signal: stop.signal });
    const behind = c.owner.lock("x", "shared");
    stop.abort("enough");
    await expect(cancelled).rejects.toMatchObject({ code: "transaction.cancelled" });
    expect(await granted(behind)).toEqual([true]);

    const wish = { timeoutMs: 20 };
    await expect(b.owner.lock("x", "exclusive", wish)).rejects.toMatchObject({
      code: "transaction.lock_timeout",
      retryable: true,
    });
    await expect(b.owner.lock("x", "exclusive", { timeoutMs: 0 })).rejects.toMatchObject({
      code: "transaction.lock_timeout",
    });
    await expect(
      b.owner.lock("y", "shared", { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "transaction.cancelled" });
    expect(locks.events.map(({ type }) => type)).toEqual([
      "lock.wait",
      "lock.wait",
      "lock.wait",
      "lock.timeout",
    ]);
    expect(held.mode).toBe("shared");
    await Promise.all([a.end(), b.end(), c.end()]);
  });

  test("names, waiters and options have limits", async () => {
    using locks = managerOf({ namesMax: 1, waitersMax: 1 });
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    await a.owner.lock("x", "exclusive");
    const waiting = b.owner.lock("x", "exclusive");
    await turn();

    await expect(c.owner.lock("x", "shared")).rejects.toMatchObject({
      code: "transaction.overloaded",
      details: { what: "waiters" },
    });
    await expect(c.owner.lock("y", "shared")).rejects.toMatchObject({
      code: "transaction.overloaded",
      details: { what: "names" },
    });
    await expect(c.owner.lock("", "shared")).rejects.toMatchObject({
      code: "transaction.invalid_option",
    });
    await expect(c.owner.lock("x", "both" as "shared")).rejects.toMatchObject({
      code: "transaction.invalid_option",
    });
    expect(() => createLockManager({ timeoutMs: -1 })).toThrow(/whole number/);
    expect(() => createLockManager({ retry: { attemptsMax: 0 } })).toThrow(/attemptsMax/);
    await a.end();
    await waiting;
    await Promise.all([b.end(), c.end()]);
  });

  test("the table shows who holds what and who waits for whom, since when", async () => {
    let now = 100;
    using locks = managerOf({ clock: () => now });
    const [a, b, c] = [await actor(locks), await actor(locks), await actor(locks)];
    const mine = await a.owner.lock("x", "shared");
    now = 200;
    await b.owner.lock("x", "shared");
    now = 300;
    const upgrade = mine.upgrade();
    const late = c.owner.lock("x", "shared");
    await turn();

    expect(locks.table()).toEqual({
      held: 2,
      waiting: 2,
      locks: [
        {
          name: "x",
          holders: [
            { owner: "owner1", mode: "shared", since: 100, fencingToken: 1 },
            { owner: "owner2", mode: "shared", since: 200, fencingToken: 2 },
          ],
          waiters: [
            { owner: "owner1", mode: "exclusive", since: 300, upgrade: true, waitsFor: ["owner2"] },
            { owner: "owner3", mode: "shared", since: 300, upgrade: false, waitsFor: ["owner1"] },
          ],
        },
      ],
    });
    await b.end();
    await upgrade;
    await a.end();
    await late;
    await c.end();
  });

  test("work that was to begin again when the manager was closed does not", async () => {
    let attempts = 0;
    const locks: LockManager = createLockManager({
      onEvent: ({ type }) => {
        if (type === "lock.retry") locks.close();
      },
    });
    const both = (first: string, second: string): Promise<void> =>
      locks.run(async (owner) => {
        attempts += 1;
        await owner.lock(first, "exclusive");
        await turn();
        await owner.lock(second, "exclusive");
      });

    const outcomes = await Promise.allSettled([both("x", "y"), both("y", "x")]);

    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused.map(({ reason }) => reason as unknown)).toMatchObject([
      { code: "transaction.manager_closed" },
    ]);
    expect(attempts).toBe(2);
  });

  test("closing refuses waits and newcomers, and leaves holders alone", async () => {
    const locks = managerOf();
    const [a, b] = [await actor(locks), await actor(locks)];
    const held = await a.owner.lock("x", "exclusive");
    const waiting = b.owner.lock("x", "exclusive");
    await turn();

    locks.close();
    locks.close();

    await expect(waiting).rejects.toMatchObject({ code: "transaction.manager_closed" });
    await expect(locks.run(() => 1)).rejects.toMatchObject({ code: "transaction.manager_closed" });
    await expect(a.owner.lock("y", "shared")).rejects.toMatchObject({
      code: "transaction.manager_closed",
    });
    held.downgrade();
    held.release();
    expect(locks.table().held).toBe(0);
    await Promise.all([a.end(), b.end()]);
  });

  test("what an observer throws changes nothing", async () => {
    using locks = createLockManager({
      onEvent: () => {
        throw new Error("observer");
      },
    });
    const [a, b] = [await actor(locks), await actor(locks)];
    await a.owner.lock("x", "exclusive");
    const waiting = b.owner.lock("x", "shared");

    await a.end();

    expect((await waiting).mode).toBe("shared");
    await b.end();
  });

  test("nobody waits for a lock while its transaction keeps the writer", async () => {
    await using temporary = await openTemporaryDatabase();
    await using transactions = await createTransactionManager(temporary.database);
    using locks = managerOf({ transactions });
    const a = await actor(locks);
    await a.owner.lock("x", "exclusive");

    await locks.run(() =>
      transactions.atomic(async () => {
        await locks.lock("free", "exclusive");
        await expect(locks.lock("x", "shared")).rejects.toMatchObject({
          code: "transaction.would_deadlock",
        });
      }),
    );
    await a.end();
  });
});
