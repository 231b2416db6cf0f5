/**
 * The lock manager against the simplest model of it: at every step exclusive
 * holders are alone, everybody who waits waits for somebody, nobody waits in a
 * circle, and in the end everybody is done. Steps of all owners are interleaved
 * as the test decides; branches of one owner run at the same time.
 */
import { createLockManager, type LockHandle, type LockTable } from "@atlas/transaction/locks";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

type Step =
  | { readonly kind: "lock"; readonly name: string; readonly mode: "shared" | "exclusive" }
  | { readonly kind: "upgrade" | "downgrade" | "release"; readonly which: number };

const lockStep = fc.record({
  kind: fc.constant("lock" as const),
  name: fc.constantFrom("a", "b", "c"),
  mode: fc.constantFrom("shared" as const, "exclusive" as const),
});
const changeStep = fc.record({
  kind: fc.constantFrom("upgrade" as const, "downgrade" as const, "release" as const),
  which: fc.nat(3),
});
const branch = fc.array(
  fc.oneof({ weight: 3, arbitrary: lockStep }, { weight: 2, arbitrary: changeStep }),
  {
    minLength: 1,
    maxLength: 5,
  },
);
/** Each owner has one or two branches. */
const owners = fc.array(fc.array(branch, { minLength: 1, maxLength: 2 }), {
  minLength: 2,
  maxLength: 5,
});

function assertSound({ locks }: LockTable): void {
  const edges = new Map<string, Set<string>>();
  for (const { holders, waiters } of locks) {
    expect(new Set(holders.map(({ owner }) => owner)).size).toBe(holders.length);
    const exclusive = holders.filter(({ mode }) => mode === "exclusive");
    expect(exclusive.length * holders.length).toBeLessThanOrEqual(1);
    for (const { owner, waitsFor } of waiters) {
      expect(waitsFor).not.toEqual([]);
      expect(waitsFor).not.toContain(owner);
      edges.set(owner, new Set([...(edges.get(owner) ?? []), ...waitsFor]));
    }
  }
  // Owners without edges fall away until nobody is left, unless there is a circle.
  for (let size = -1; size !== edges.size;) {
    size = edges.size;
    for (const [owner, targets] of edges)
      if (![...targets].some((target) => edges.has(target))) edges.delete(owner);
  }
  expect([...edges.keys()]).toEqual([]);
}

describe("T4: model", () => {
  test("T4: exclusive is exclusive, no circle ever stands, and everybody ends", async () => {
    const plan = fc.asyncProperty(owners, fc.scheduler(), async (plans, scheduler) => {
      using locks = createLockManager({ retry: { pauseMs: 0 }, timeoutMs: 3_600_000 });
      let attempts = 0;
      let done = 0;

      const run = async (steps: readonly Step[]): Promise<void> => {
        const handles: LockHandle[] = [];
        for (const step of steps) {
          await scheduler.schedule(Promise.resolve(), step.kind);
          if (step.kind === "lock") {
            const wait = locks.lock(step.name, step.mode);
            await undefined;
            assertSound(locks.table());
            handles.push(await wait);
          } else {
            const handle = handles[step.which];
            if (step.kind === "release") handles.splice(step.which, 1)[0]?.release();
            if (step.kind === "downgrade") handle?.downgrade();
            if (step.kind === "upgrade") await handle?.upgrade();
          }
          assertSound(locks.table());
        }
      };
      const everybody = Promise.all(
        plans.map((branches) =>
          locks.run(async () => {
            attempts += 1;
            expect(attempts).toBeLessThan(1_000);
            const results = await Promise.allSettled(branches.map((branch) => run(branch)));
            const failed = results.find((result) => result.status === "rejected");
            if (failed !== undefined) throw failed.reason;
            done += 1;
          }),
        ),
      );
      await scheduler.waitFor(everybody);

      expect(done).toBe(plans.length);
      expect(locks.table()).toEqual({ locks: [], held: 0, waiting: 0 });
    });
    const seed = process.env["ATLAS_SEED"];
    const rounds = Number(process.env["ATLAS_MODEL_ROUNDS"] ?? 300);
    await fc.assert(plan, {
      numRuns: rounds,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    });
  }, 120_000);
});
