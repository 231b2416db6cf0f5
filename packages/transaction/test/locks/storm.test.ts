/**
 * Must show 3: many transactions take locks in random order, in both modes, with
 * upgrades and downgrades, all at once. A deadlock left standing would keep the
 * test from ending; two holders that exclude each other are noticed at each grant.
 */
import { setImmediate as turn } from "node:timers/promises";
import { createLockManager, type LockEvent, type LockHandle } from "@atlas/transaction/locks";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../seeded-random.ts";

const transactions = 1_000;
const names = 50;

interface Figures {
  readonly completed: number;
  readonly victims: number;
  readonly retries: number;
  readonly attemptsMax: number;
}

/** Who is inside each lock, as the bodies themselves see it. */
class Inside {
  readonly #readers = new Map<string, number>();
  readonly #writers = new Map<string, number>();

  enter({ name, mode }: LockHandle): void {
    const [readers, writers] = [this.#readers.get(name) ?? 0, this.#writers.get(name) ?? 0];
    if (mode === "exclusive" && readers + writers > 0) throw new Error(`${name} is not exclusive`);
    if (mode === "shared" && writers > 0) throw new Error(`${name} is shared with a writer`);
    this.#add(mode, name, 1);
  }

  leave({ name, mode }: LockHandle): void {
    this.#add(mode, name, -1);
  }

  #add(mode: string, name: string, change: number): void {
    const count = mode === "shared" ? this.#readers : this.#writers;
    count.set(name, (count.get(name) ?? 0) + change);
  }
}

async function storm(seed: number): Promise<Figures> {
  const random = randomFrom(seed);
  const events: LockEvent[] = [];
  const pick = (count: number): number => Math.floor(random() * count);
  const inside = new Inside();
  let [completed, attemptsMax] = [0, 0];
  using locks = createLockManager({
    random,
    onEvent: (event) => events.push(event),
  });

  /** Takes 3 to 6 different locks, one after the other. */
  const plans = Array.from({ length: transactions }, () => {
    const wanted = new Set<string>();
    const size = 3 + pick(4);
    while (wanted.size < size) wanted.add(`lock${pick(names)}`);
    return [...wanted].map((name) => ({
      name,
      mode: random() < 0.5 ? ("shared" as const) : ("exclusive" as const),
      upgrade: random() < 0.3,
      downgrade: random() < 0.1,
      early: random() < 0.1,
    }));
  });

  await Promise.all(
    plans.map((plan) =>
      locks.run(async (owner) => {
        attemptsMax = Math.max(attemptsMax, owner.attempt);
        const entered = new Set<LockHandle>();
        const leave = (handle: LockHandle): void => {
          if (entered.delete(handle)) inside.leave(handle);
        };
        try {
          for (const step of plan) {
            const handle = await locks.lock(step.name, step.mode);
            inside.enter(handle);
            entered.add(handle);
            await turn();
            if (step.upgrade && handle.mode === "shared") {
              leave(handle);
              await handle.upgrade();
              inside.enter(handle);
              entered.add(handle);
              await turn();
            }
            if (step.downgrade && handle.mode === "exclusive") {
              leave(handle);
              handle.downgrade();
              inside.enter(handle);
              entered.add(handle);
            }
            if (step.early) {
              leave(handle);
              handle.release();
            }
          }
          completed += 1;
        } finally {
          for (const handle of entered) leave(handle);
        }
      }),
    ),
  );

  expect(locks.table()).toEqual({ locks: [], held: 0, waiting: 0 });
  return {
    completed,
    victims: events.filter(({ type }) => type === "lock.deadlock").length,
    retries: events.filter(({ type }) => type === "lock.retry").length,
    attemptsMax,
  };
}

describe("T4: deadlocks", () => {
  const given = process.env["ATLAS_SEED"];
  const seeds = given === undefined ? [1, 2] : given.split(",").map(Number);

  test.each(seeds)(
    "T4: 1,000 transactions over 50 locks in random order all complete (seed %i)",
    async (seed) => {
      const figures = await storm(seed);

      if (process.env["ATLAS_FIGURES"] !== undefined)
        process.stdout.write(`${JSON.stringify({ seed, ...figures })}\n`);
      expect(figures.completed).toBe(transactions);
      // The plans do collide: a detector that sees nothing would pass without ending.
      expect(figures.victims).toBeGreaterThan(0);
      expect(figures.retries).toBe(figures.victims);
    },
    120_000,
  );
});
