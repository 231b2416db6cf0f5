import assert from "node:assert/strict";
import {
  accountByKey,
  addAccount,
  allAccounts,
  openWithAccounts,
  type DatabaseRule,
} from "./database-rule.ts";

/** What every database promises about its writer's lease and its end. */
export const lifetimeRules: readonly DatabaseRule[] = [
  {
    name: "the writer belongs to one owner, and write is refused until it is released",
    async check(open) {
      await using database = await openWithAccounts(open);
      const lease = await database.unsafeTakeWriter();

      await assert.rejects(
        database.write(() => undefined),
        { code: "storage.writer_taken" },
      );
      await assert.rejects(database.unsafeTakeWriter(), { code: "storage.writer_taken" });
      lease.release();
      lease.release();

      await database.write((connection) => connection.run(addAccount, { key: "a", amount: 1 }));
      await assert.rejects(async () => lease.writer.tryBegin(), { code: "storage.lease_released" });
    },
  },
  {
    name: "the owner of the writer begins, keeps savepoints, undoes them and commits",
    async check(open) {
      await using database = await openWithAccounts(open);
      const { writer, syncLog, release } = await database.unsafeTakeWriter();

      assert.equal(await writer.tryBegin(), true);
      await assert.rejects(async () => writer.tryBegin(), { code: "storage.transaction_open" });
      await writer.savepoint("kept");
      await writer.run(addAccount, { key: "a", amount: 1 });
      await writer.release("kept");
      await writer.savepoint("undone");
      await writer.run(addAccount, { key: "b", amount: 1 });
      await writer.rollbackTo("undone");
      assert.equal(writer.inTransaction, true);
      await writer.commit();
      await syncLog();

      assert.equal(writer.inTransaction, false);
      assert.deepEqual(await database.all(allAccounts), [{ key: "a", amount: 1 }]);
      release();
    },
  },
  {
    name: "a step that is undone leaves what the steps before it did, and nothing of its own",
    async check(open) {
      await using database = await openWithAccounts(open);
      const { writer, release } = await database.unsafeTakeWriter();
      const step = async (key: string, kept: boolean): Promise<void> => {
        await writer.beginStep();
        await writer.run(addAccount, { key, amount: 1 });
        await (kept ? writer.keepStep() : writer.undoStep());
      };

      await writer.tryBegin();
      await writer.run(addAccount, { key: "a", amount: 1 });
      await step("b", true);
      await step("c", true);
      await step("d", false);
      await step("e", false);
      await step("f", true);
      await writer.beginStep();
      await writer.undoStep();
      await writer.commit();

      release();
      const kept = (await database.all(allAccounts)).map(({ key }) => key);
      assert.deepEqual(kept, ["a", "b", "c", "f"]);
    },
  },
  {
    name: "outside a transaction nothing is written",
    async check(open) {
      await using database = await openWithAccounts(open);
      const { writer, release } = await database.unsafeTakeWriter();

      await assert.rejects(writer.run(addAccount, { key: "a", amount: 1 }), {
        code: "storage.no_transaction",
      });
      await assert.rejects(async () => writer.commit(), { code: "storage.no_transaction" });
      await writer.rollback();

      release();
      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "a lease that is released in a transaction takes it back",
    async check(open) {
      await using database = await openWithAccounts(open);
      const { writer, release } = await database.unsafeTakeWriter();
      await writer.tryBegin();
      await writer.run(addAccount, { key: "a", amount: 1 });

      release();

      await database.write(() => undefined);
      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "reopening keeps what was committed, and the same writer goes on",
    async check(open) {
      await using database = await openWithAccounts(open);
      const { writer, reopen, syncLog, release } = await database.unsafeTakeWriter();
      await writer.tryBegin();
      await writer.run(addAccount, { key: "a", amount: 1 });
      await writer.commit();

      await reopen();
      await writer.tryBegin();
      await writer.run(addAccount, { key: "b", amount: 1 });
      await writer.commit();
      await syncLog();

      release();
      assert.equal((await database.all(allAccounts)).length, 2);
    },
  },
  {
    name: "closing waits for what runs, refuses what comes, and may be repeated",
    async check(open) {
      const database = await openWithAccounts(open);
      const running = database.write(async (connection) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await connection.run(addAccount, { key: "a", amount: 1 });
        return "done";
      });
      await new Promise((resolve) => setImmediate(resolve));

      const closing = database.close();
      const refused = { code: "storage.closed" };
      await assert.rejects(database.get(accountByKey, { key: "a" }), refused);
      await assert.rejects(
        database.read(() => undefined),
        refused,
      );
      await assert.rejects(
        database.write(() => undefined),
        refused,
      );

      assert.equal(await running, "done");
      await closing;
      await database.close();
    },
  },
  {
    name: "building and running the same query again compiles nothing",
    async check(open) {
      await using database = await openWithAccounts(open);
      await database.get(accountByKey, { key: "a" });
      const before = database.statistics().statements;

      for (let n = 0; n < 10; n += 1) await database.get({ ...accountByKey }, { key: `k${n}` });

      const after = database.statistics().statements;
      assert.equal(after.compilations, before.compilations);
      assert.equal(after.hits, before.hits + 10);
    },
  },
];
