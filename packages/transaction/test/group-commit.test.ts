import { setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import type { TransactionManager, TransactionManagerOptions } from "@atlas/transaction";
import { describe, expect, test, vi } from "vitest";
import { insert, openManager } from "./open-manager.ts";

const write = (manager: TransactionManager, name: string): Promise<unknown> =>
  manager.program((connection) => connection.run(insert, { name }));

/** As far as this clock can tell, a sync takes no time, and nothing is saved by halves. */
const oneGroup: TransactionManagerOptions = { monotonicClock: () => 0 };

interface SlowDevice {
  readonly setup: Awaited<ReturnType<typeof openManager>>;
  /** One for each sync that has begun. */
  readonly gates: readonly PromiseWithResolvers<void>[];
  /** Callers in the order in which they were told. */
  readonly told: readonly number[];
  readonly all: Promise<PromiseSettledResult<void>[]>;
}

const codeOf = (error: unknown): string | undefined =>
  AtlasError.is(error) ? error.code : undefined;

describe("group commit", () => {
  test("many callers share one commit and one sync", async () => {
    await using setup = await openManager(oneGroup);

    await Promise.all(Array.from({ length: 50 }, (_, i) => write(setup.manager, `n${i}`)));

    expect(setup.control.log).toEqual(["commit", "sync begins", "sync ends"]);
    expect(await setup.stored()).toHaveLength(50);
  });

  /** On a device whose syncs take 1 ms, to a clock on which each transaction takes 0.1 ms. */
  async function openOnSlowDevice(syncsBefore: number): Promise<SlowDevice> {
    let now = 0;
    const setup = await openManager({
      monotonicClock: () => now,
      groupTimeMaxMs: 100,
      blockingSyncMaxMs: 0,
    });
    setup.control.beforeSync = async () => {
      await sleep(1);
      now += 1;
    };
    const slowly = (name: string): Promise<unknown> =>
      setup.manager.program((connection) => {
        now += 0.1;
        connection.run(insert, { name });
      });
    for (let i = 0; i < syncsBefore; i += 1) await slowly(`warm ${i}`);
    setup.control.log.length = 0;
    const gates: PromiseWithResolvers<void>[] = [];
    setup.control.beforeSync = () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    };
    const told: number[] = [];
    const outcomes = Array.from({ length: 50 }, async (_, i) => {
      await slowly(`n${i}`).finally(() => told.push(i));
    });
    return { setup, gates, told, all: Promise.allSettled(outcomes) };
  }

  test("one half of many callers runs while the other half is synced", async () => {
    // So few syncs tell nothing yet of two at once.
    const { setup, gates, all } = await openOnSlowDevice(8);
    await using _ = setup;

    await vi.waitFor(() => expect(setup.control.log).toHaveLength(3));
    expect(setup.control.log).toEqual(["commit", "sync begins", "commit"]);
    gates[0]?.resolve();
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    gates[1]?.resolve();

    for (const { status } of await all) expect(status).toBe("fulfilled");
    expect(setup.events.filter(({ type }) => type === "transaction.group")).toHaveLength(10);
  });

  test("both halves are synced at once, and told in the order of their commits", async () => {
    const { setup, gates, told, all } = await openOnSlowDevice(12);
    await using _ = setup;

    await vi.waitFor(() => expect(gates).toHaveLength(2));
    expect(setup.control.log).toEqual(["commit", "sync begins", "commit", "sync begins"]);
    gates[1]?.resolve();
    await vi.waitFor(() => expect(setup.control.log).toContain("sync ends"));
    await sleep(5);
    expect(told).toEqual([]);
    gates[0]?.resolve();

    for (const { status } of await all) expect(status).toBe("fulfilled");
    expect(told).toEqual(Array.from({ length: 50 }, (_x, i) => i));
  });

  test.each(["before", "after"])(
    "a sync that fails takes a later one with it that ended well %s it",
    async (order) => {
      const { setup, gates, told, all } = await openOnSlowDevice(12);
      await using _ = setup;
      await vi.waitFor(() => expect(gates).toHaveLength(2));

      const steps = [() => gates[0]?.reject(new Error("EIO")), () => gates[1]?.resolve()];
      for (const step of order === "after" ? steps : steps.toReversed()) {
        step();
        await sleep(5);
      }

      for (const outcome of await all)
        expect(codeOf((outcome as PromiseRejectedResult).reason)).toBe(
          "transaction.outcome_unknown",
        );
      expect(told).toHaveLength(50);
      const failures = setup.events.filter(({ type }) => type === "transaction.sync_failed");
      expect(failures).toHaveLength(1);
      delete setup.control.beforeSync;
      await write(setup.manager, "goes on");
      expect(setup.control.log).toContain("reopen");
    },
  );

  test.each([0, 5])(
    "nobody is told before a sync that began after the commit has ended (blocking up to %i ms)",
    async (blockingSyncMaxMs) => {
      await using setup = await openManager({ blockingSyncMaxMs });

      for (let i = 0; i < 5; i += 1) {
        await write(setup.manager, `n${i}`);
        setup.control.log.push("told");
      }

      const once = ["commit", "sync begins", "sync ends", "told"];
      expect(setup.control.log).toEqual([once, once, once, once, once].flat());
    },
  );

  test("what commits while a sync runs is told by the next sync", async () => {
    // A full group does not wait for the sync that runs.
    await using setup = await openManager({ blockingSyncMaxMs: 0, groupMembersMax: 1 });
    const gate = Promise.withResolvers<void>();
    setup.control.beforeSync = () => gate.promise;

    const first = write(setup.manager, "a").then(() => setup.control.log.push("told a"));
    await sleep(5);
    const second = write(setup.manager, "b").then(() => setup.control.log.push("told b"));
    await sleep(5);
    gate.resolve();
    await Promise.all([first, second]);

    const { log } = setup.control;
    const syncAfterB = log.indexOf("sync begins", log.lastIndexOf("commit"));
    expect(log.indexOf("told b")).toBeGreaterThan(log.indexOf("sync ends", syncAfterB));
    expect(log.indexOf("told a")).toBeGreaterThan(log.indexOf("sync ends"));
  });

  test("a relaxed transaction does not wait for the sync", async () => {
    await using setup = await openManager({ durability: "relaxed" });
    setup.control.beforeSync = () => {
      throw new Error("must not be called");
    };

    await write(setup.manager, "a");

    expect(setup.control.log).toEqual(["commit"]);
  });

  test("one transaction can be relaxed while the manager is not, and the reverse", async () => {
    await using setup = await openManager();

    await setup.manager.atomic((tx) => tx.run(insert, { name: "a" }), { durability: "relaxed" });

    expect(setup.control.log).toEqual(["commit"]);
  });

  test("a group holds at most groupMembersMax transactions", async () => {
    await using setup = await openManager({ groupMembersMax: 4 });

    await Promise.all(Array.from({ length: 10 }, (_, i) => write(setup.manager, `n${i}`)));

    const sizes = setup.events.flatMap((event) =>
      event.type === "transaction.group" ? [event.members] : [],
    );
    expect(Math.max(...sizes)).toBe(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
  });

  test("a member that returns a promise from a program is rolled back alone", async () => {
    await using setup = await openManager();

    const [good, bad] = await Promise.allSettled([
      write(setup.manager, "good"),
      setup.manager.program(async (connection) => {
        connection.run(insert, { name: "bad" });
      }),
    ]);

    expect(good.status).toBe("fulfilled");
    expect(codeOf((bad as PromiseRejectedResult).reason)).toBe("transaction.body_returned_promise");
    expect(await setup.stored()).toEqual(["good"]);
  });

  test("the queue is bounded and what does not fit was not run", async () => {
    await using setup = await openManager({ queueLengthMax: 3 });

    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => write(setup.manager, `n${i}`)),
    );

    const fulfilled = outcomes.map(({ status }) => status === "fulfilled");
    expect(fulfilled).toEqual([true, true, true, false, false]);
    expect(codeOf((outcomes[4] as PromiseRejectedResult).reason)).toBe("transaction.overloaded");
    expect(await setup.stored()).toEqual(["n0", "n1", "n2"]);
  });

  test("events tell the story of a transaction", async () => {
    await using setup = await openManager();

    await write(setup.manager, "a");
    await expect(write(setup.manager, "a")).rejects.toMatchObject({ code: "storage.constraint" });

    const told = setup.events.map(({ type }) => type.replace("transaction.", ""));
    expect(told).toEqual(["begin", "group", "sync", "commit", "begin", "rollback"]);
    expect(setup.manager.status()).toMatchObject({ queued: 0, active: 0, rolledBack: 1 });
  });

  test("a hook that throws is reported and harms nobody", async () => {
    await using setup = await openManager();

    const result = await setup.manager.atomic((tx) => {
      tx.afterCommit(() => {
        throw new Error("hook");
      });
      return 1;
    });

    expect(result).toBe(1);
    expect(setup.events.map(({ type }) => type)).toContain("transaction.hook_failed");
  });
});

describe("a device that fails", () => {
  test.each([0, 5])(
    "a failed sync fails exactly what it covered, and the file is reopened (blocking up to %i ms)",
    async (blockingSyncMaxMs) => {
      await using setup = await openManager({ ...oneGroup, blockingSyncMaxMs });
      await write(setup.manager, "before");
      setup.control.beforeSync = () => {
        throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
      };

      const outcomes = await Promise.allSettled([
        write(setup.manager, "a"),
        write(setup.manager, "b"),
      ]);
      delete setup.control.beforeSync;
      setup.control.log.length = 0;
      await write(setup.manager, "after");

      for (const outcome of outcomes) {
        const { reason } = outcome as PromiseRejectedResult;
        expect(codeOf(reason)).toBe("transaction.outcome_unknown");
        expect((reason as AtlasError).txState).toBe("unknown");
        expect((reason as AtlasError).retryable).toBe(false);
      }
      expect(setup.control.log).toEqual(["reopen", "commit", "sync begins", "sync ends"]);
      expect(await setup.stored()).toEqual(expect.arrayContaining(["before", "after"]));
    },
  );

  test("what committed while the failing sync ran fails with it", async () => {
    // A full group does not wait for the sync that runs.
    await using setup = await openManager({ blockingSyncMaxMs: 0, groupMembersMax: 1 });
    const gate = Promise.withResolvers<void>();
    setup.control.beforeSync = () => gate.promise;

    const first = write(setup.manager, "a");
    await sleep(5);
    const second = write(setup.manager, "b");
    while (setup.control.log.filter((entry) => entry === "commit").length < 2) await sleep(1);
    delete setup.control.beforeSync;
    gate.reject(new Error("EIO"));
    const outcomes = await Promise.allSettled([first, second]);

    for (const outcome of outcomes)
      expect(codeOf((outcome as PromiseRejectedResult).reason)).toBe("transaction.outcome_unknown");
  });

  test("nothing runs while the file cannot be reopened, and it goes on when it can", async () => {
    await using setup = await openManager({ blockingSyncMaxMs: 0 });
    const broken = new Error("still broken");
    setup.control.beforeSync = () => {
      throw new Error("EIO");
    };
    await expect(write(setup.manager, "lost")).rejects.toThrow("did not confirm");
    delete setup.control.beforeSync;
    setup.control.beforeReopen = () => {
      throw broken;
    };

    await expect(write(setup.manager, "refused")).rejects.toBe(broken);
    delete setup.control.beforeReopen;
    await write(setup.manager, "after");

    expect(await setup.stored()).toEqual(expect.not.arrayContaining(["refused"]));
  });

  test("a failed commit fails its group, leaves nothing, and the next one succeeds", async () => {
    await using setup = await openManager(oneGroup);
    setup.control.beforeCommit = () => {
      delete setup.control.beforeCommit;
      throw new Error("EIO while committing");
    };

    const outcomes = await Promise.allSettled([
      write(setup.manager, "a"),
      write(setup.manager, "b"),
    ]);
    await write(setup.manager, "after");

    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await setup.stored()).toEqual(["after"]);
  });

  test("a commit that a broken reference refuses leaves nothing, and nothing is reopened", async () => {
    await using setup = await openManager();
    const { connection } = setup.manager;
    await connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT");
    await connection.execute(
      "CREATE TABLE child (p INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED) STRICT",
    );

    const orphan = setup.manager.program((sync) => sync.execute("INSERT INTO child VALUES (7)"));
    await expect(orphan).rejects.toMatchObject({ code: "storage.constraint" });
    await write(setup.manager, "after");

    expect(await setup.stored()).toEqual(["after"]);
    expect(setup.control.log).not.toContain("reopen");
  });

  test("when the database gives up everything, neighbours are told and may try again", async () => {
    await using setup = await openManager(oneGroup);

    const [neighbour, culprit] = await Promise.allSettled([
      write(setup.manager, "neighbour"),
      setup.manager.program((connection) => {
        connection.run(insert, { name: "culprit" });
        connection.execute("INSERT OR ROLLBACK INTO items VALUES ('culprit')");
      }),
    ]);

    expect(codeOf((neighbour as PromiseRejectedResult).reason)).toBe("transaction.group_aborted");
    expect((neighbour as PromiseRejectedResult).reason).toMatchObject({ retryable: true });
    expect(culprit.status).toBe("rejected");
    expect(await setup.stored()).toEqual([]);
  });
});
