import assert from "node:assert/strict";
import type { LockHandle, LockManager } from "../locks/lock-manager.ts";
import type { LockManagerOptions } from "../locks/lock-options.ts";
import { actor, actors, assertWaiting } from "./lock-actor.ts";
import { assertCode } from "./rule.ts";

/** Makes a lock manager in which nothing is held. */
export type OpenLocks = (
  options: Pick<LockManagerOptions, "timeoutMs" | "waitersMax">,
) => LockManager | Promise<LockManager>;

/** One promise of `LockManager`: `check` throws when it is broken. */
export interface LockRule {
  readonly name: string;
  readonly check: (open: OpenLocks) => Promise<void>;
}

const grants: readonly LockRule[] = [
  {
    name: "exclusive excludes, and shared goes with shared",
    async check(open) {
      using locks = await open({});
      const [a, b, c] = await actors(locks, 3);

      const held = await a!.owner.lock("x", "exclusive");
      const waits = [b!, c!].map(({ owner }) => owner.lock("x", "shared"));
      await assertWaiting(...waits);
      held.release();

      assert.deepEqual(
        (await Promise.all(waits)).map(({ mode }) => mode),
        ["shared", "shared"],
      );
      await Promise.all([a!.end(), b!.end(), c!.end()]);
    },
  },
  {
    name: "locks of different names have nothing to do with each other",
    async check(open) {
      using locks = await open({ timeoutMs: 0 });
      const [a, b] = await actors(locks, 2);

      await a!.owner.lock("x", "exclusive");
      await b!.owner.lock("y", "exclusive");

      await Promise.all([a!.end(), b!.end()]);
    },
  },
  {
    name: "first come, first served: shared does not overtake an exclusive one that waits",
    async check(open) {
      using locks = await open({});
      const [a, b, c] = await actors(locks, 3);
      const reader = await a!.owner.lock("x", "shared");
      const writer = b!.owner.lock("x", "exclusive");
      const late = c!.owner.lock("x", "shared");

      await assertWaiting(writer, late);
      reader.release();
      const written = await writer;
      await assertWaiting(late);
      written.release();

      await late;
      await Promise.all([a!.end(), b!.end(), c!.end()]);
    },
  },
  {
    name: "an owner gets again what it has, and holds it until the last handle is released",
    async check(open) {
      using locks = await open({});
      const [a, b] = await actors(locks, 2);
      const first = await a!.owner.lock("x", "shared");
      const waiting = b!.owner.lock("x", "exclusive");

      const second = await a!.owner.lock("x", "shared", { timeoutMs: 0 });
      first.release();
      first.release();
      await assertWaiting(waiting);
      second.release();

      await waiting;
      await Promise.all([a!.end(), b!.end()]);
    },
  },
  {
    name: "an upgrade is served before those who hold nothing, and a downgrade lets them in",
    async check(open) {
      using locks = await open({});
      const [a, b, c] = await actors(locks, 3);
      const mine = await a!.owner.lock("x", "shared");
      const other = await b!.owner.lock("x", "shared");

      const upgrade = mine.upgrade();
      const late = c!.owner.lock("x", "shared");
      await assertWaiting(upgrade, late);
      other.release();
      await upgrade;
      await assertWaiting(late);
      assert.equal(mine.mode, "exclusive");
      mine.downgrade();

      assert.equal((await late).mode, "shared");
      await Promise.all([a!.end(), b!.end(), c!.end()]);
    },
  },
  {
    name: "each exclusive lock of a name has a greater fencing token than those before it",
    async check(open) {
      using locks = await open({});
      const tokens: number[] = [];

      for (let turn = 0; turn < 3; turn += 1) {
        await locks.run(async () => {
          const handle = await locks.lock("x", turn === 1 ? "shared" : "exclusive");
          if (turn === 1) await handle.upgrade();
          tokens.push(handle.fencingToken);
        });
      }

      assert.equal(new Set(tokens).size, 3);
      assert.deepEqual(
        tokens,
        tokens.toSorted((one, other) => one - other),
      );
    },
  },
];

const ends: readonly LockRule[] = [
  {
    name: "locks end with their owner, also when its body fails, and an inner run joins it",
    async check(open) {
      using locks = await open({ timeoutMs: 0 });
      const failure = new Error("changed my mind");
      let late: LockHandle | undefined;

      const failed = locks.run(async () => {
        late = await locks.lock("x", "exclusive");
        await locks.run(() => locks.lock("x", "exclusive"));
        throw failure;
      });

      await assert.rejects(failed, failure);
      await locks.run(() => locks.lock("x", "exclusive"));
      await assertCode(late!.upgrade(), "transaction.lock_released");
      await assertCode(locks.lock("x", "shared"), "transaction.lock_unowned");
    },
  },
  {
    name: "a wait ends in time, at once when none is allowed, and by its signal",
    async check(open) {
      using locks = await open({});
      const [a, b, c] = await actors(locks, 3);
      await a!.owner.lock("x", "shared");
      const stop = new AbortController();

      const cancelled = b!.owner.lock("x", "exclusive", { signal: stop.signal });
      const behind = c!.owner.lock("x", "shared");
      await assertWaiting(cancelled, behind);
      stop.abort();

      await assertCode(cancelled, "transaction.cancelled");
      await behind;
      for (const timeoutMs of [0, 10]) {
        const wait = b!.owner.lock("x", "exclusive", { timeoutMs });
        await assertCode(wait, "transaction.lock_timeout");
      }
      await Promise.all([a!.end(), b!.end(), c!.end()]);
    },
  },
  {
    name: "closing refuses those who wait and who come, and leaves holders alone",
    async check(open) {
      using locks = await open({});
      const [a, b] = await actors(locks, 2);
      const held = await a!.owner.lock("x", "exclusive");
      const waiting = b!.owner.lock("x", "exclusive");
      await assertWaiting(waiting);

      locks.close();
      locks.close();

      await assertCode(waiting, "transaction.manager_closed");
      await assertCode(
        locks.run(() => undefined),
        "transaction.manager_closed",
      );
      held.downgrade();
      await Promise.all([a!.end(), b!.end()]);
    },
  },
  {
    name: "more waits than allowed are refused",
    async check(open) {
      using locks = await open({ waitersMax: 1 });
      const [a, b, c] = await actors(locks, 3);
      await a!.owner.lock("x", "exclusive");
      const waiting = b!.owner.lock("x", "exclusive");
      await assertWaiting(waiting);

      await assertCode(c!.owner.lock("x", "exclusive"), "transaction.overloaded");

      await a!.end();
      await waiting;
      await Promise.all([b!.end(), c!.end()]);
    },
  },
];

const circles: readonly LockRule[] = [
  {
    name: "of a circle of owners the youngest is refused, and the others go on",
    async check(open) {
      using locks = await open({});
      const a = await actor(locks);
      const b = await actor(locks);
      await a.owner.lock("x", "exclusive");
      await b.owner.lock("y", "exclusive");

      const older = a.owner.lock("y", "exclusive");
      await assertWaiting(older);
      await assertCode(b.owner.lock("x", "exclusive"), "transaction.deadlock");
      await b.end();

      await older;
      await a.end();
    },
  },
  {
    name: "run begins a victim again until it is through, with nothing left of its attempts",
    async check(open) {
      using locks = await open({});
      const done: string[] = [];
      const inOrder = (first: string, second: string): Promise<void> =>
        locks.run(async () => {
          await locks.lock(first, "exclusive");
          await assertWaiting();
          await locks.lock(second, "exclusive");
          done.push(first);
        });

      await Promise.all([inOrder("x", "y"), inOrder("y", "z"), inOrder("z", "x")]);

      assert.deepEqual(done.toSorted(), ["x", "y", "z"]);
      assert.deepEqual(locks.table(), { locks: [], held: 0, waiting: 0 });
    },
  },
  {
    name: "two owners who upgrade the same lock both get it, one after the other",
    async check(open) {
      using locks = await open({});
      let inside = 0;
      const upgraded = (): Promise<void> =>
        locks.run(async () => {
          const handle = await locks.lock("x", "shared");
          await assertWaiting();
          await handle.upgrade();
          inside += 1;
          assert.equal(inside, 1);
          await assertWaiting();
          inside -= 1;
        });

      await Promise.all([upgraded(), upgraded()]);
    },
  },
];

/** The rules every `LockManager` must keep; runner-agnostic. */
export const lockRules: readonly LockRule[] = [...grants, ...ends, ...circles];
