import assert from "node:assert/strict";
import type { Reader } from "../connection.ts";
import { insertInto } from "../query-builder/insert-query.ts";
import {
  accountByKey,
  accounts,
  addAccount,
  allAccounts,
  openWithAccounts,
  type DatabaseRule,
} from "./database-rule.ts";

/** What every database promises to those who read. */
export const readingRules: readonly DatabaseRule[] = [
  {
    name: "a row that is not there is undefined, and no rows are an empty list",
    async check(open) {
      await using database = await openWithAccounts(open);

      assert.equal(await database.get(accountByKey, { key: "a" }), undefined);
      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "a read sees one committed state from beginning to end",
    async check(open) {
      await using database = await openWithAccounts(open);

      const seen = await database.read(async (reader) => {
        const before = await reader.all(allAccounts);
        await database.write((connection) => connection.run(addAccount, { key: "a", amount: 1 }));
        return [before, await reader.all(allAccounts)];
      });

      assert.deepEqual(seen, [[], []]);
      assert.equal((await database.all(allAccounts)).length, 1);
    },
  },
  {
    name: "the state a read sees is that of its beginning, not of its first query",
    async check(open) {
      await using database = await openWithAccounts(open);
      const reader = await database.pool.acquire();

      await database.write((connection) => connection.run(addAccount, { key: "a", amount: 1 }));

      assert.deepEqual(await reader.all(allAccounts), []);
      database.pool.release(reader);
    },
  },
  {
    name: "what is not committed is seen by no reader",
    async check(open) {
      await using database = await openWithAccounts(open);

      await database.write(async (connection) => {
        await connection.run(addAccount, { key: "a", amount: 1 });
        assert.deepEqual(await database.all(allAccounts), []);
        assert.equal((await connection.all(allAccounts)).length, 1);
      });

      assert.equal((await database.all(allAccounts)).length, 1);
    },
  },
  {
    name: "a reader cannot write",
    async check(open) {
      await using database = await openWithAccounts(open);
      const values = { key: "a", amount: 1 };
      const insert = insertInto(accounts).columns("key", "amount").returning("key").build();

      const refused = { code: "storage.readonly" };
      await assert.rejects(
        database.read((reader) => reader.all(insert, values)),
        refused,
      );
      await assert.rejects(database.all(insert, values), refused);

      assert.deepEqual(await database.all(allAccounts), []);
    },
  },
  {
    name: "a store that can look for damage finds none where there is none, to readers and in a write",
    async check(open) {
      await using database = await openWithAccounts(open);
      const queries = database.dialect.integrityCheck() ?? [];

      await database.write(async (connection) => {
        await connection.run(addAccount, { key: "a", amount: 1 });
        for (const query of queries) assert.deepEqual(await connection.all(query), []);
      });

      for (const query of queries) assert.deepEqual(await database.all(query), []);
    },
  },
  {
    name: "a reader is refused after its body has ended",
    async check(open) {
      await using database = await openWithAccounts(open);
      let kept: Reader | undefined;

      await database.read((reader) => {
        kept = reader;
      });

      await assert.rejects(kept!.all(allAccounts), { code: "storage.handle_closed" });
    },
  },
  {
    name: "a body that fails gives its reader back, and its own error reaches the caller",
    async check(open) {
      await using database = await openWithAccounts(open);
      database.pool.resize(1);
      const failure = new Error("no");

      await assert.rejects(
        database.read(() => Promise.reject(failure)),
        failure,
      );

      assert.equal(database.pool.status().active, 0);
      assert.deepEqual(await database.read((reader) => reader.all(allAccounts)), []);
    },
  },
  {
    name: "who waits for a reader is served in order, and refused when the time is over",
    async check(open) {
      await using database = await openWithAccounts(open);
      database.pool.resize(1);
      const held = await database.pool.acquire();
      const order: string[] = [];
      const waiting = ["first", "second"].map((name) =>
        database.read(() => {
          order.push(name);
        }),
      );

      const late = database.read(() => undefined, { acquireTimeoutMs: 1 });
      await assert.rejects(late, { code: "storage.acquire_timeout", retryable: true });
      assert.equal(database.pool.status().waitingRequests, 2);
      database.pool.release(held);
      await Promise.all(waiting);

      assert.deepEqual(order, ["first", "second"]);
    },
  },
  {
    name: "a pool that grows serves those who wait already, and one that shrinks closes readers",
    async check(open) {
      await using database = await openWithAccounts(open);
      database.pool.resize(1);
      const first = await database.pool.acquire();
      const waiting = database.pool.acquire();

      database.pool.resize(2);
      const second = await waiting;
      assert.deepEqual(database.pool.status(), {
        total: 2,
        active: 2,
        idle: 0,
        waitingRequests: 0,
      });
      database.pool.resize(1);
      database.pool.release(second);
      database.pool.release(first);

      assert.equal(database.pool.status().total, 1);
    },
  },
  {
    name: "a reader that is released twice is in the pool once",
    async check(open) {
      await using database = await openWithAccounts(open);
      const reader = await database.pool.acquire();

      database.pool.release(reader);
      database.pool.release(reader);
      reader[Symbol.dispose]();

      const { total, idle } = database.pool.status();
      assert.equal(idle, total);
    },
  },
  {
    name: "a query without a value for one of its placeholders is refused",
    async check(open) {
      await using database = await openWithAccounts(open);

      await assert.rejects(database.get(accountByKey, {} as { key: string }), {
        code: "storage.value_missing",
      });
    },
  },
];
