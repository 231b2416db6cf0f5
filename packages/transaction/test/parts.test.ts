import { sqlQuery, type WriterLease } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, statement } from "@atlas/transaction";
import { describe, expect, test } from "vitest";
import { backoffMaxMs, backoffMs, impatientAttempt } from "../src/backoff.ts";

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
