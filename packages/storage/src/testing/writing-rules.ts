import assert from "node:assert/strict";
import type { Connection } from "../connection.ts";
import { insertInto, upsert } from "../query-builder/insert-query.ts";
import { from } from "../query-builder/select-query.ts";
import { deleteFrom, updateTable } from "../query-builder/change-query.ts";
import { param } from "../query-builder/param.ts";
import { plus } from "../query-builder/plus.ts";
import { sqlQuery } from "../sql-query.ts";
import {
  accountByKey,
  accounts,
  addAccount,
  allAccounts,
  openWithAccounts,
  type DatabaseRule,
} from "./database-rule.ts";

/** What every database promises to those who write. */
export const writingRules: readonly DatabaseRule[] = [
  {
    name: "a write that resolves has happened, and returns what its body returns",
    async check(open) {
      await using database = await openWithAccounts(open);

      const result = await database.write(async (connection) => {
        const { changes } = await connection.run(addAccount, { key: "a", amount: 1 });
        return changes;
      });

      assert.equal(result, 1);
      assert.deepEqual(await database.get(accountByKey, { key: "a" }), { key: "a", amount: 1 });
    },
  },
  {
    name: "a body that fails leaves nothing, and its own error reaches the caller",
    async check(open) {
      await using database = await openWithAccounts(open);
      const failure = new Error("no");

      await assert.rejects(
        database.write(async (connection) => {
          await connection.run(addAccount, { key: "a", amount: 1 });
          throw failure;
        }),
        failure,
      );

      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "writes happen one after the other, in the order they were asked for",
    async check(open) {
      await using database = await openWithAccounts(open);
      const order: number[] = [];

      await Promise.all(
        [1, 2, 3, 4].map((n) =>
          database.write(async (connection) => {
            order.push(n);
            await connection.run(addAccount, { key: `k${n}`, amount: n });
            await new Promise((resolve) => setImmediate(resolve));
            order.push(-n);
          }),
        ),
      );

      assert.deepEqual(order, [1, -1, 2, -2, 3, -3, 4, -4]);
    },
  },
  {
    name: "a write inside a write is refused, and one begun after it is not",
    async check(open) {
      await using database = await openWithAccounts(open);
      let later: Promise<unknown> | undefined;

      await database.write(async () => {
        await assert.rejects(
          database.write(() => undefined),
          { code: "storage.reentrant_write" },
        );
        later = new Promise((resolve) => setTimeout(resolve, 5)).then(() =>
          database.write(() => undefined),
        );
      });

      await later;
    },
  },
  {
    name: "a connection is refused after its body has ended",
    async check(open) {
      await using database = await openWithAccounts(open);
      let kept: Connection | undefined;

      await database.write((connection) => {
        kept = connection;
      });

      await assert.rejects(kept!.run(addAccount, { key: "a", amount: 1 }), {
        code: "storage.handle_closed",
      });
      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "a broken constraint says which kind, and the transaction goes on",
    async check(open) {
      await using database = await openWithAccounts(open);

      await database.write(async (connection) => {
        await connection.run(addAccount, { key: "a", amount: 1 });
        await assert.rejects(connection.run(addAccount, { key: "a", amount: 2 }), (error) => {
          const { code, details } = error as { code: string; details: { constraint: object } };
          assert.equal(code, "storage.constraint");
          assert.deepEqual(details.constraint, {
            kind: "unique",
            table: "accounts",
            columns: ["key"],
          });
          return true;
        });
        await connection.run(addAccount, { key: "b", amount: 2 });
      });

      assert.equal((await database.all(allAccounts)).length, 2);
    },
  },
  {
    name: "a transaction cannot be ended by SQL text",
    async check(open) {
      await using database = await openWithAccounts(open);

      for (const verb of ["COMMIT", "rollback", "/* x */ END", "savepoint a"]) {
        await assert.rejects(
          database.write((connection) => connection.execute(verb)),
          { code: "storage.statement_invalid" },
        );
      }
    },
  },
  {
    name: "the builder inserts, updates, merges, deletes and returns rows",
    async check(open) {
      await using database = await openWithAccounts(open);
      const insert = insertInto(accounts).returning("key", "ready", "labels", "note").build();
      const update = updateTable(accounts)
        .set({ amount: plus(5), ready: true })
        .where("key", "eq", param("key"))
        .returning("amount", "ready")
        .build();
      const merge = upsert(accounts).columns("key", "amount").build();
      const remove = deleteFrom(accounts).where("amount", "lt", param("least")).build();
      const row = { key: "a", amount: 1, ready: false, labels: ["x", 1], note: null };

      await database.write(async (connection) => {
        assert.deepEqual(await connection.all(insert, row), [
          { key: "a", ready: false, labels: ["x", 1], note: null },
        ]);
        assert.deepEqual(await connection.get(update, { key: "a" }), { amount: 6, ready: true });
        const merged = [
          { key: "a", amount: 2 },
          { key: "b", amount: 7 },
        ];
        assert.deepEqual(await connection.runMany(merge, merged), { changes: 2 });
        assert.deepEqual(await connection.run(remove, { least: 5 }), { changes: 1 });
      });

      assert.deepEqual(await database.all(allAccounts), [{ key: "b", amount: 7 }]);
    },
  },
  {
    name: "a built query runs again with other values, lists included",
    async check(open) {
      await using database = await openWithAccounts(open);
      const query = from(accounts)
        .select("key")
        .where("key", "in", param("keys"))
        .orderBy("key")
        .build();
      const keys = ["a", "b'; --", "c%"];

      await database.write((connection) =>
        connection.runMany(
          addAccount,
          keys.map((key) => ({ key, amount: 1 })),
        ),
      );

      assert.deepEqual(await database.all(query, { keys: ["a", "c%"] }), [
        { key: "a" },
        { key: "c%" },
      ]);
      assert.deepEqual(await database.all(query, { keys: ["b'; --"] }), [{ key: "b'; --" }]);
      assert.deepEqual(await database.all(query, { keys: [] }), []);
    },
  },
  {
    name: "an integer that a number cannot keep exactly is refused, not rounded",
    async check(open) {
      await using database = await openWithAccounts(open);
      const set = sqlQuery<never, { n: bigint }>("update accounts set amount = :n");
      await database.write(async (connection) => {
        await connection.run(addAccount, { key: "a", amount: 1 });
        await connection.run(set, { n: 9_007_199_254_740_993n });
      });

      await assert.rejects(database.get(accountByKey, { key: "a" }), {
        code: "storage.integer_too_large",
      });
      await assert.rejects(database.all(allAccounts), { code: "storage.integer_too_large" });

      await database.write((connection) => connection.run(set, { n: 9_007_199_254_740_991n }));
      const row = await database.get(accountByKey, { key: "a" });
      assert.equal(row?.amount, Number.MAX_SAFE_INTEGER);
    },
  },
];
