import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  type ActiveTransaction,
  activeListMax,
  createTransactionManager,
  type TransactionManager,
  type TransactionManagerOptions,
} from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { DurationHistogram } from "../src/duration-histogram.ts";
import { RateMeter } from "../src/rate-meter.ts";
import { controlLease, type LeaseControl } from "./fake-lease.ts";

interface Setup extends AsyncDisposable {
  readonly manager: TransactionManager;
  readonly control: LeaseControl;
}

async function setUp(options: TransactionManagerOptions = {}): Promise<Setup> {
  const store = await openTemporaryDatabase();
  const { database, control } = controlLease(store.database);
  const manager = await createTransactionManager(database, options);
  return {
    manager,
    control,
    async [Symbol.asyncDispose]() {
      await manager.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

const one = sqlQuery<{ one: number }>("SELECT 1 AS one");
const states = (manager: TransactionManager): readonly ActiveTransaction["state"][] =>
  manager.status().transactions.map(({ state }) => state);
/** A transaction whose participant is at work after the commit until `done`. */
function slowParticipant(manager: TransactionManager) {
  const [atWork, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = manager.atomic(
    (tx) =>
      void tx.enlist(atWork, () => ({
        mark: () => 0,
        undoTo: () => undefined,
        rolledBack: () => undefined,
        committed: () => {
          atWork.resolve();
          return done.promise;
        },
      })),
  );
  return { slow, atWork, done };
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe("T9: the list of what is going on", () => {
  test("says of each transaction where it is, how old, and what it has done", async () => {
    let now = 1_000;
    await using setup = await setUp({ clock: () => now, blockingSyncMaxMs: 0, groupMembersMax: 1 });
    const { manager, control } = setup;
    const [synced, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    control.beforeSync = () => synced.promise;

    const committing = manager.atomic(() => undefined, { priority: "high" });
    while (!control.log.includes("sync begins")) await turn();
    const running = manager.atomic(async (tx) => {
      await tx.get(one);
      await tx.get(one);
      await ended.promise;
    });
    const reading = manager.atomic(() => ended.promise, { readonly: true });
    const waiting = manager.atomic(() => undefined, { priority: "low" });
    now = 1_250;
    while (states(manager).join() !== "running,committing,reading,waiting") await turn();
    const { transactions, queued, active } = manager.status();
    synced.resolve();
    ended.resolve();
    await Promise.all([committing, running, reading, waiting]);

    expect([queued, active]).toEqual([1, 2]);
    expect(transactions).toEqual([
      { id: "tx2", state: "running", ageMs: 250, operations: 2, priority: "normal" },
      { id: "tx1", state: "committing", ageMs: 250, operations: 0, priority: "high" },
      { id: "tx3", state: "reading", ageMs: 250, operations: 0, priority: "normal" },
      { id: "tx4", state: "waiting", ageMs: 250, operations: 0, priority: "low" },
    ]);
    expect(manager.status().transactions).toEqual([]);
  });

  test("says where each was started, when asked to remember", async () => {
    await using setup = await setUp({ captureOrigin: true });
    await using plain = await setUp();
    const startedHere = (manager: TransactionManager): Promise<ActiveTransaction | undefined> =>
      manager.atomic(() => manager.status().transactions[0]);

    const described = await startedHere(setup.manager);
    const undescribed = await startedHere(plain.manager);

    expect(described?.origin?.[0]).toMatch(/startedHere.*monitoring\.test\.ts/);
    expect(undescribed).not.toHaveProperty("origin");
  });

  test("is bounded", async () => {
    await using setup = await setUp();
    const all = Array.from({ length: activeListMax + 5 }, () =>
      setup.manager.program(() => undefined),
    );

    const { transactions, queued } = setup.manager.status();
    await Promise.all(all);

    expect([transactions.length, queued]).toEqual([activeListMax, activeListMax + 5]);
  });

  test("a transaction whose participants are at work is still committing", async () => {
    await using setup = await setUp();
    const { slow, atWork, done } = slowParticipant(setup.manager);
    await atWork.promise;
    expect(states(setup.manager)).toEqual(["committing"]);
    const { committed } = setup.manager.statistics();
    done.resolve();
    await slow;

    expect(committed).toBe(0);
    expect([setup.manager.statistics().committed, states(setup.manager)]).toEqual([1, []]);
  });

  test("a manager closes when its participants are done", async () => {
    await using setup = await setUp();
    const log: string[] = [];
    const { slow, atWork, done } = slowParticipant(setup.manager);
    await atWork.promise;
    expect(states(setup.manager)).toEqual(["committing"]);
    const closing = setup.manager.close().then(() => log.push("closed"));
    for (let i = 0; i < 20; i += 1) await turn();
    log.push("done");
    done.resolve();
    await Promise.all([slow, closing]);

    expect(log).toEqual(["done", "closed"]);
  });
});

describe("T9: statistics", () => {
  test("count what has happened and measure how long it took", async () => {
    let now = 0;
    await using setup = await setUp({ monotonicClock: () => now, queueLengthMax: 3 });
    const { manager, control } = setup;
    const take = (ms: number) => (): void => {
      now += ms;
    };

    for (let i = 0; i < 99; i += 1) await manager.program(take(1));
    await manager.program(take(100));
    await manager.program(() => Promise.reject(new Error("no"))).catch(() => undefined);
    await Promise.allSettled(Array.from({ length: 5 }, () => manager.program(take(0))));
    control.beforeSync = () => {
      delete control.beforeSync;
      throw new Error("EIO");
    };
    await manager.program(take(0)).catch(() => undefined);

    const statistics = manager.statistics();
    expect(statistics).toMatchObject({ committed: 103, rolledBack: 2, unknown: 1, refused: 2 });
    expect(statistics.body).toMatchObject({ count: 105, max: 100 });
    expect(Math.abs(statistics.body.p50 - 1)).toBeLessThan(0.15);
    expect(statistics.total.count).toBe(103);
    expect(statistics.wait.count).toBe(105);
  });

  test("a histogram is within a tenth of what it was told, and empty ones answer 0", () => {
    const histogram = new DurationHistogram();
    expect(histogram.summary()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });

    for (let ms = 1; ms <= 1_000; ms += 1) histogram.record(ms);
    histogram.record(0);
    histogram.record(Number.MAX_VALUE);

    const { p50, p90, p99 } = histogram.summary();
    for (const [found, real] of [
      [p50, 500],
      [p90, 900],
      [p99, 990],
    ] as const)
      expect(Math.abs(found - real) / real).toBeLessThan(0.1);
  });

  test("a rate is that of the last ten whole seconds", () => {
    const meter = new RateMeter(5_000);
    expect(meter.perSecond(5_500)).toBe(0);

    for (let i = 0; i < 30; i += 1) meter.record(5_500);
    expect(meter.perSecond(5_900)).toBe(0);
    expect(meter.perSecond(6_100)).toBe(30);
    expect(meter.perSecond(8_100)).toBe(10);
    expect(meter.perSecond(15_900)).toBe(3);
    expect(meter.perSecond(16_000)).toBe(0);
    for (let i = 0; i < 7; i += 1) meter.record(90_000);
    expect(meter.perSecond(91_000)).toBe(0.7);
  });
});
