import { sqlQuery, type WriterLease } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, statement } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { backoffMaxMs, backoffMs, impatientAttempt } from "../src/backoff.ts";
import { createSyncPolicy } from "../src/sync-policy.ts";

describe("how long to wait for another process", () => {
  test("each wait is random below a bound that doubles up to a maximum", () => {
    const bounds = [0, 1, 2, 3, 4, 7].map((attempt) => backoffMs(attempt, () => 1));

    expect(bounds).toEqual([1, 2, 4, backoffMaxMs, backoffMaxMs, backoffMaxMs]);
    expect(backoffMs(3, () => 0.25)).toBe(2);
  });

  test("whoever has waited long asks more often again", () => {
    expect(backoffMs(impatientAttempt, () => 1)).toBe(2);
    expect(backoffMs(1_000_000, () => 1)).toBe(2);
  });
});

describe("when to sync here and when to start a group", () => {
  test("nothing is known of the device at first, so the first sync goes to the thread", () => {
    const policy = createSyncPolicy(0.7);

    expect(policy.blockingPays()).toBe(false);
    policy.recordSync(0.2);
    expect(policy.blockingPays()).toBe(true);
  });

  test("after a slow sync the next go to the thread until one was fast again", () => {
    const policy = createSyncPolicy(0.7);
    for (let i = 0; i < 50; i += 1) policy.recordSync(0.1);

    policy.recordSync(2.2);
    expect(policy.blockingPays()).toBe(false);
    policy.recordSync(0.8);
    expect(policy.blockingPays()).toBe(false);
    policy.recordSync(0.1);
    expect(policy.blockingPays()).toBe(true);
  });

  test("one pause of the disk does not count as a slow device", () => {
    const policy = createSyncPolicy(0.7);
    for (let i = 0; i < 50; i += 1) policy.recordSync(0.3);

    policy.recordSync(400);
    policy.recordSync(0.3);

    expect(policy.blockingPays()).toBe(true);
  });

  test("a slow device is never synced here", () => {
    const policy = createSyncPolicy(0.7);

    for (let i = 0; i < 100; i += 1) policy.recordSync(5);

    expect(policy.blockingPays()).toBe(false);
  });

  const policyAfter = (syncMs: number, memberMs: number): ReturnType<typeof createSyncPolicy> => {
    const policy = createSyncPolicy(0.7);
    for (let i = 0; i < 100; i += 1) {
      policy.recordSyncStart();
      policy.recordSync(syncMs);
      policy.recordGroup(10, 10 * memberMs);
    }
    return policy;
  };

  test("a group starts when running it takes as long as the sync still needs", () => {
    const policy = policyAfter(5, 0.1);

    expect(policy.startsNow(10, 20, 0)).toBe(false);
    expect(policy.startsNow(10, 20, 4.5)).toBe(true);
    expect(policy.startsNow(51, 1_000, 0)).toBe(true);
  });

  test("many share a commit by halves, and a half that is complete starts", () => {
    const policy = policyAfter(5, 0.1);

    expect(policy.groupSize(60)).toBe(30);
    expect(policy.startsNow(30, 60, 0)).toBe(true);
    expect(policy.startsNow(29, 60, 0)).toBe(false);
  });

  test.each([
    ["running all of them is over before the sync would be", 5, 40],
    ["a second commit costs more than the sync", 0.01, 60],
  ])("they share one when %s", (_, syncMs, population) => {
    expect(policyAfter(syncMs, 0.1).groupSize(population)).toBe(population);
  });

  test("the end of a sync is noticed late while groups run, and is not taken for a slow device", () => {
    const policy = policyAfter(0.2, 0.1);

    for (let i = 0; i < 100; i += 1) {
      policy.recordSyncStart();
      policy.recordGroup(10, 1);
      policy.recordCommit(0.05);
      policy.recordSync(1.1);
    }

    expect(policy.blockingPays()).toBe(true);
  });

  test("a device that became slow is noticed although groups run", () => {
    const policy = policyAfter(0.2, 0.1);

    for (let i = 0; i < 100; i += 1) {
      policy.recordSyncStart();
      policy.recordGroup(10, 1);
      policy.recordSync(5);
    }

    expect(policy.blockingPays()).toBe(false);
  });
});

describe("a driver without synchronous calls", () => {
  const insert = sqlQuery<never, { name: string }>("INSERT INTO items VALUES (:name)");

  test("T1: runs a program of statements and refuses a function", async () => {
    await using store = await openTemporaryDatabase();
    const { database } = store;
    const take = async (): Promise<WriterLease> => {
      const lease = await database.unsafeTakeWriter();
      const writer = new Proxy(lease.writer, {
        get(target, name) {
          if (name === "sync") return undefined;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      return { ...lease, writer, syncLog: () => lease.syncLog(), release: () => lease.release() };
    };
    const remote = new Proxy(database, {
      get: (target, name) =>
        name === "unsafeTakeWriter" ? take : (Reflect.get(target, name, target) as unknown),
    });
    await using manager = await createTransactionManager(remote, { blockingSyncMaxMs: 0 });
    await manager.connection.execute("CREATE TABLE items (name TEXT)");

    const results = await manager.program([
      statement(insert, { name: "a" }),
      statement(insert, { name: "b" }),
    ]);

    expect(results).toEqual([{ changes: 1 }, { changes: 1 }]);
    await expect(manager.program(() => 1)).rejects.toMatchObject({
      code: "transaction.program_unsupported",
    });
  });
});

describe("a transaction begun by hand", () => {
  const names = sqlQuery<{ name: string }>("SELECT name FROM items");
  const insert = sqlQuery<never, { name: string }>("INSERT INTO items VALUES (:name)");

  test("T1: has everything a body has, and ends with its block", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    await manager.connection.execute("CREATE TABLE items (name TEXT)");
    const hooks: string[] = [];

    {
      await using tx = await manager.begin();
      await tx.execute("INSERT INTO items VALUES ('a')");
      await tx.runMany(insert, [{ name: "b" }]);
      await tx.createSavepoint("here");
      await tx.run(insert, { name: "c" });
      await tx.rollbackTo("here");
      expect(await tx.get(names)).toEqual({ name: "a" });
      expect(await tx.all(names)).toHaveLength(2);
      expect(tx.operations).toBe(7);
      expect(tx.id).toMatch(/^tx\d+$/);
      expect(tx.startTime).toBeInstanceOf(Date);
      tx.afterCommit(() => hooks.push("commit"));
      tx.afterRollback(() => hooks.push("rollback"));
    }

    expect(hooks).toEqual(["rollback"]);
    expect(await store.database.all(names)).toEqual([]);
  });

  test("a signal that has fired already lets nothing begin", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);

    const begun = manager.begin("serializable", { signal: AbortSignal.abort() });

    await expect(begun).rejects.toMatchObject({ code: "transaction.cancelled" });
    expect(manager.status()).toMatchObject({ queued: 0, active: 0 });
  });
});
