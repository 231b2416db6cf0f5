import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { sqlQuery } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import {
  createTransactionManager,
  transactionErrorCodes,
  type TransactionManagerOptions,
} from "@atlas/transaction";
import { describe, expect, test } from "vitest";

const insert = sqlQuery<never, { name: string }>("INSERT INTO items VALUES (:name)");
const names = sqlQuery<{ name: string }>("SELECT name FROM items ORDER BY name");

describe("T2: propagation without passing a handle", () => {
  test("a body sees the asynchronous context of its own caller, also in a shared group", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    const request = new AsyncLocalStorage<number>();

    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        request.run(id, () => manager.atomic(async () => [id, request.getStore()])),
      ),
    );
    const hooks: (number | undefined)[] = [];
    await request.run(7, () =>
      manager.atomic((tx) => tx.afterCommit(() => hooks.push(request.getStore()))),
    );

    expect(seen).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(hooks).toEqual([7]);
  });

  test("a call on the outer handle inside a nested body belongs to the nested one", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");

    await manager.atomic(async (outer) => {
      const nested = manager.atomic(async () => {
        await outer.run(insert, { name: "inner" });
        throw new Error("no");
      });
      await expect(nested).rejects.toThrow("no");
    });

    expect(await store.database.all(names)).toEqual([]);
  });

  test("a call on the outer handle beside a nested body waits for it", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");

    await manager.atomic(async (outer) => {
      const nested = manager.atomic(async (inner) => {
        await inner.run(insert, { name: "inner" });
        await sleep(5);
        throw new Error("no");
      });
      const beside = outer.run(insert, { name: "outer" });
      await expect(nested).rejects.toThrow("no");
      await beside;
    });

    expect(await store.database.all(names)).toEqual([{ name: "outer" }]);
  });

  test("work started outside on purpose does not belong to the transaction", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    let background: Promise<unknown> | undefined;
    await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");

    await manager.atomic(async () => {
      background = manager.runWithoutTransaction(() =>
        sleep(1).then(() => manager.connection.run(insert, { name: "kept" })),
      );
    });
    await background;

    expect(await store.database.all(names)).toEqual([{ name: "kept" }]);
  });

  test("ambient calls of every kind join, and read() sees what was written", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    const { connection } = manager;
    await connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");
    await connection.runMany(insert, [{ name: "a" }, { name: "b" }]);

    await manager.atomic(async (tx) => {
      await connection.execute("DELETE FROM items");
      await connection.runMany(insert, [{ name: "c" }]);
      expect(await connection.get(names)).toEqual({ name: "c" });
      expect(await manager.read((inside) => inside.all(names))).toEqual([{ name: "c" }]);
      expect(manager.current()?.id).toBe(tx.id);
      expect(tx.operations).toBe(4);
      expect(await manager.program((sync) => sync.all(names))).toEqual([{ name: "c" }]);
    });

    expect(await manager.read((outside) => outside.all(names))).toEqual([{ name: "c" }]);
    expect(manager.current()).toBeUndefined();
  });

  test("savepoints of the current transaction can be used through the manager", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");

    await manager.atomic(async (tx) => {
      await manager.createSavepoint("here");
      await tx.run(insert, { name: "undone" });
      await manager.rollbackTo("here");
    });

    expect(await store.database.all(names)).toEqual([]);
    await expect(manager.createSavepoint("x")).rejects.toMatchObject({
      code: "transaction.required",
    });
  });
});

describe("what is refused", () => {
  test.each([
    [{ holdTimeoutMS: 5 }, "holdTimeoutMS"],
    [{ waitTimeoutMs: 0 }, "waitTimeoutMs"],
    [{ groupMembersMax: 20_000 }, "groupMembersMax"],
    [{ durability: "sure" }, "durability"],
  ])("the option %j, by name", async (options, name) => {
    await using store = await openTemporaryDatabase();

    const creating = createTransactionManager(store.database, options as TransactionManagerOptions);

    await expect(creating).rejects.toMatchObject({
      code: "transaction.invalid_option",
      details: { option: name },
    });
  });

  test("a misspelt option of one transaction, and nothing is run", async () => {
    await using store = await openTemporaryDatabase();
    await using manager = await createTransactionManager(store.database);
    let ran = false;
    const misspelt = { readOnly: true } as object;

    const calling = manager.atomic(() => {
      ran = true;
    }, misspelt);

    await expect(calling).rejects.toThrow('There is no option "readOnly"');
    expect(ran).toBe(false);
  });

  test("a second manager on the same database", async () => {
    await using store = await openTemporaryDatabase();
    await using _first = await createTransactionManager(store.database);

    await expect(createTransactionManager(store.database)).rejects.toSatisfy(
      (error) => AtlasError.is(error) && error.code === "storage.writer_taken",
    );
  });

  test("the codes are what callers rely on", () => {
    expect(Object.keys(transactionErrorCodes)).toEqual([
      "transaction.closed",
      "transaction.timeout",
      "transaction.cancelled",
      "transaction.would_deadlock",
      "transaction.body_returned_promise",
      "transaction.program_unsupported",
      "transaction.child_unfinished",
      "transaction.readonly",
      "transaction.overloaded",
      "transaction.group_aborted",
      "transaction.outcome_unknown",
      "transaction.savepoint_unknown",
      "transaction.required",
      "transaction.manager_closed",
      "transaction.invalid_option",
      "transaction.apply_pending",
      "transaction.participant_waits",
      "transaction.too_many_participants",
      "transaction.participant_full",
      "transaction.value_unsupported",
      "transaction.already_active",
      "transaction.file_conflict",
      "transaction.file_pending",
      "transaction.file_path_refused",
      "transaction.file_missing",
      "transaction.file_store_closed",
      "transaction.deadlock",
      "transaction.lock_timeout",
      "transaction.lock_released",
      "transaction.lock_owner_ended",
      "transaction.lock_unowned",
      "transaction.lease_lost",
      "transaction.operation_refused",
      "transaction.check_unsupported",
      "transaction.operation_failed",
      "transaction.command_failed",
      "transaction.undo_incomplete",
      "transaction.state_unknown",
      "transaction.state_conflict",
      "transaction.state_illegal",
      "transaction.state_dependency",
      "transaction.state_tampered",
      "transaction.saga_invalid",
      "transaction.saga_key_reused",
      "transaction.saga_unknown",
    ]);
  });
});
