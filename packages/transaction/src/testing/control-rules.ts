import assert from "node:assert/strict";
import { statement } from "../statement.ts";
import type { ProgramStatement } from "../transaction.ts";
import {
  allNames,
  assertCode,
  createItems,
  insert,
  insertItem,
  names,
  type TransactionRule,
} from "./rule.ts";

/** Savepoints, hooks, programs, snapshots and transactions by hand. @internal */
export const controlRules: readonly TransactionRule[] = [
  {
    name: "a read-only transaction keeps one snapshot and cannot write",
    async check(fixture) {
      await createItems(fixture);
      await insert(fixture.manager.connection, "before");

      await fixture.manager.atomic(
        async (tx) => {
          const before = await tx.all(allNames);
          await fixture.manager.runWithoutTransaction(() =>
            insert(fixture.manager.connection, "meanwhile"),
          );
          assert.deepEqual(await tx.all(allNames), before);
          await assertCode(insert(tx, "x"), "transaction.readonly");
          await assertCode(
            fixture.manager.atomic(() => undefined),
            "transaction.readonly",
          );
        },
        { readonly: true },
      );

      assert.deepEqual(await names(fixture), ["before", "meanwhile"]);
    },
  },
  {
    name: "afterCommit runs once, after the outermost commit; afterRollback when undone",
    async check(fixture) {
      await createItems(fixture);
      const { manager } = fixture;
      const log: string[] = [];

      await manager.atomic(async (tx) => {
        tx.afterCommit(() => log.push(`outer ${manager.current() === undefined}`));
        await manager.atomic((nested) => nested.afterCommit(() => log.push("kept")));
        const undone = manager.atomic((nested) => {
          nested.afterCommit(() => log.push("never"));
          nested.afterRollback(() => log.push("undone"));
          throw new Error("no");
        });
        await assert.rejects(undone);
        assert.deepEqual(log, ["undone"]);
      });

      assert.deepEqual(log, ["undone", "outer true", "kept"]);
    },
  },
  {
    name: "savepoints by name can be returned to, more than once",
    async check(fixture) {
      await createItems(fixture);

      await fixture.manager.atomic(async (tx) => {
        await insert(tx, "a");
        await tx.createSavepoint("here");
        await insert(tx, "b");
        await tx.rollbackTo("here");
        await insert(tx, "c");
        await tx.rollbackTo("here");
        await insert(tx, "d");
        await assertCode(tx.rollbackTo("nowhere"), "transaction.savepoint_unknown");
      });

      assert.deepEqual(await names(fixture), ["a", "d"]);
    },
  },
  {
    name: "a transaction begun by hand ends by hand",
    async check(fixture) {
      await createItems(fixture);

      const first = await fixture.manager.begin("read_committed");
      await insert(first, "kept");
      assert.equal(first.isolation, "serializable");
      await fixture.manager.commit(first);
      const second = await fixture.manager.begin();
      await insert(second, "undone");
      await fixture.manager.rollback(second);
      await second.rollback();

      assert.deepEqual(await names(fixture), ["kept"]);
      await assertCode(insert(second, "x"), "transaction.closed");
    },
  },
  {
    name: "programs of both shapes are atomic",
    async check(fixture) {
      await createItems(fixture);
      const step = (name: string): ProgramStatement => statement(insertItem, { name });

      const results = await fixture.manager.program([step("a"), step("b")]);
      const failing = fixture.manager.program([step("c"), step("a")]);

      assert.deepEqual(results, [{ changes: 1 }, { changes: 1 }]);

      await assert.rejects(failing);
      assert.deepEqual(await names(fixture), ["a", "b"]);
    },
  },
];
