import { setTimeout as sleep } from "node:timers/promises";
import type { TransactionOptions } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { insert, names, openManager } from "./open-manager.ts";

describe("T1: isolation and options", () => {
  test.each(["read_uncommitted", "read_committed", "repeatable_read", "serializable"] as const)(
    "whoever asks for %s gets serializable and is told so",
    async (isolation) => {
      await using setup = await openManager();

      expect(await setup.manager.atomic((tx) => tx.isolation, { isolation })).toBe("serializable");
      const readonly = { isolation, readonly: true };
      expect(await setup.manager.atomic((tx) => tx.isolation, readonly)).toBe("serializable");
      await using manual = await setup.manager.begin(isolation);
      expect([manual.isolation, manual.readonly]).toEqual(["serializable", false]);
    },
  );

  test.each([
    [{ isolation: "snapshot" }, "isolation"],
    [{ priority: "urgent" }, "priority"],
    [{ retry: { attempts: 3 } }, "retry.attempts"],
    [{ retry: { attemptsMax: 0 } }, "retry.attemptsMax"],
    [{ retry: { baseDelayMs: 0.5 } }, "retry.baseDelayMs"],
    [{ readonly: 1 }, "readonly"],
  ])("%j is refused by name", async (options, option) => {
    await using setup = await openManager();

    const refused = setup.manager.atomic(() => undefined, options as TransactionOptions);

    await expect(refused).rejects.toMatchObject({
      code: "transaction.invalid_option",
      details: { option },
    });
  });
});

describe("T2: signals and deadlines of nested and read-only bodies", () => {
  test("a nested body whose signal fires is undone alone", async () => {
    await using setup = await openManager();
    const { manager } = setup;

    await manager.atomic(async (tx) => {
      const stop = new AbortController();
      await tx.run(insert, { name: "outer" });
      const nested = manager.atomic(
        async (inner) => {
          await inner.run(insert, { name: "inner" });
          stop.abort();
          await sleep(20);
          await inner.run(insert, { name: "late" });
        },
        { signal: stop.signal },
      );
      await expect(nested).rejects.toMatchObject({ code: "transaction.cancelled" });
      const dead = manager.atomic(() => undefined, { signal: stop.signal });
      await expect(dead).rejects.toMatchObject({ code: "transaction.cancelled" });
      await sleep(30);
    });

    expect(await setup.stored()).toEqual(["outer"]);
  });

  test("a nested body that takes too long is undone alone", async () => {
    await using setup = await openManager();
    const { manager } = setup;

    await manager.atomic(async (tx) => {
      const nested = manager.atomic(
        async (inner) => {
          await inner.run(insert, { name: "inner" });
          await sleep(500);
        },
        { holdTimeoutMs: 10 },
      );
      await expect(nested).rejects.toMatchObject({ code: "transaction.timeout" });
      await tx.run(insert, { name: "outer" });
    });

    expect(await setup.stored()).toEqual(["outer"]);
  });

  test("a read-only body ends with its signal, and its handle with it", async () => {
    await using setup = await openManager();
    const stop = new AbortController();
    let late: Promise<unknown> | undefined;

    const reading = setup.manager.atomic(
      async (tx) => {
        stop.abort();
        late = sleep(5).then(() => tx.all(names));
        late.catch(() => undefined);
        await late;
      },
      { readonly: true, signal: stop.signal },
    );

    await expect(reading).rejects.toMatchObject({ code: "transaction.cancelled" });
    await expect(late).rejects.toMatchObject({ code: "transaction.cancelled" });
  });
});

describe("T1: hooks run exactly once, and the right one of them", () => {
  test("after an unknown outcome afterRollback is told that it is unknown", async () => {
    await using setup = await openManager();
    const log: string[] = [];
    setup.control.beforeSync = () => {
      delete setup.control.beforeSync;
      throw new Error("EIO");
    };

    const unknown = setup.manager.atomic((tx) => {
      tx.afterCommit(() => log.push("commit"));
      tx.afterRollback((outcome) => log.push(outcome));
    });
    await expect(unknown).rejects.toMatchObject({ txState: "unknown" });
    await setup.manager
      .atomic((tx) => {
        tx.afterRollback((outcome) => log.push(outcome));
        throw new Error("no");
      })
      .catch(() => undefined);

    expect(log).toEqual(["unknown", "rolledBack"]);
  });

  test("when the undoing of a body fails, its hooks run and its own error is told", async () => {
    await using setup = await openManager();
    const log: string[] = [];

    const failing = setup.manager.program((connection) => {
      setup.manager.current()?.afterRollback((outcome) => log.push(outcome));
      // The savepoint of the second member is gone when it is to be undone.
      connection.execute("RELEASE member");
      throw new Error("own");
    });
    const first = setup.manager.program((connection) => connection.run(insert, { name: "a" }));
    const outcomes = await Promise.allSettled([first, failing]);
    await setup.manager.program((connection) => connection.run(insert, { name: "after" }));

    expect(outcomes.map(({ status }) => status)).toContain("rejected");
    expect(log).toEqual(["rolledBack"]);
    expect(setup.manager.status()).toMatchObject({ queued: 0, active: 0 });
  });

  test("in read-only transactions too, also nested ones", async () => {
    await using setup = await openManager();
    const { manager } = setup;
    const log: string[] = [];
    const readonly = { readonly: true };

    await manager.atomic(async () => {
      await manager.atomic((tx) => tx.afterCommit(() => log.push("nested commit")), readonly);
    }, readonly);
    await manager
      .atomic(async (tx) => {
        tx.afterRollback(() => log.push("rollback"));
        throw new Error("no");
      }, readonly)
      .catch(() => undefined);

    expect(log).toEqual(["nested commit", "rollback"]);
  });
});
