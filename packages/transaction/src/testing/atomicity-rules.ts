import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createItems, insert, names, type TransactionRule } from "./rule.ts";

/** What a transaction changes and who sees it. @internal */
export const atomicityRules: readonly TransactionRule[] = [
  {
    name: "a body's changes are there when atomic resolves",
    async check(fixture) {
      await createItems(fixture);

      const result = await fixture.manager.atomic(async (tx) => {
        await insert(tx, "a");
        return 42;
      });

      assert.equal(result, 42);
      assert.deepEqual(await names(fixture), ["a"]);
    },
  },
  {
    name: "a failed body leaves nothing and its own error reaches the caller",
    async check(fixture) {
      await createItems(fixture);
      const failure = new Error("changed my mind");

      await assert.rejects(
        fixture.manager.atomic(async (tx) => {
          await insert(tx, "a");
          throw failure;
        }),
        failure,
      );

      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "one failing transaction takes none of its neighbours with it",
    async check(fixture) {
      await createItems(fixture);

      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) =>
          fixture.manager.atomic(async (tx) => {
            await insert(tx, `n${String(i).padStart(2, "0")}`);
            if (i % 3 === 0) throw new Error("no");
          }),
        ),
      );

      const kept = outcomes.filter(({ status }) => status === "fulfilled").length;
      assert.equal(kept, 20);
      const expected = Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 3 !== 0);
      assert.deepEqual(
        await names(fixture),
        expected.map((i) => `n${String(i).padStart(2, "0")}`),
      );
    },
  },
  {
    name: "a nested failure undoes the inner transaction only",
    async check(fixture) {
      await createItems(fixture);

      await fixture.manager.atomic(async (tx) => {
        await insert(tx, "outer");
        const inner = fixture.manager.atomic(async (nested) => {
          await insert(nested, "inner");
          throw new Error("no");
        });
        await assert.rejects(inner);
        await fixture.manager.atomic((nested) => insert(nested, "second"));
      });

      assert.deepEqual(await names(fixture), ["outer", "second"]);
    },
  },
  {
    name: "an outer failure undoes nested transactions that had succeeded",
    async check(fixture) {
      await createItems(fixture);

      const outer = fixture.manager.atomic(async () => {
        await fixture.manager.atomic((nested) => insert(nested, "inner"));
        throw new Error("no");
      });

      await assert.rejects(outer);
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "siblings started together take turns and fail alone",
    async check(fixture) {
      await createItems(fixture);

      await fixture.manager.atomic(async () => {
        await Promise.allSettled(
          Array.from({ length: 10 }, (_, i) =>
            fixture.manager.atomic(async (nested) => {
              await insert(nested, `s${i}a`);
              await sleep(1);
              if (i % 2 === 0) throw new Error("no");
              await insert(nested, `s${i}b`);
            }),
          ),
        );
      });

      const odd = [1, 3, 5, 7, 9].flatMap((i) => [`s${i}a`, `s${i}b`]);
      assert.deepEqual(await names(fixture), odd);
    },
  },
  {
    name: "code that gets no handle finds the transaction it runs in",
    async check(fixture) {
      await createItems(fixture);
      const { connection } = fixture.manager;
      const helper = async (): Promise<void> => {
        await sleep(1);
        await insert(connection, "by helper");
      };

      const failing = fixture.manager.atomic(async () => {
        await helper();
        throw new Error("no");
      });

      await assert.rejects(failing);
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "a write outside never joins somebody's transaction",
    async check(fixture) {
      await createItems(fixture);
      const { manager } = fixture;

      const slow = manager.atomic(async (tx) => {
        await insert(tx, "doomed");
        await sleep(20);
        throw new Error("no");
      });
      const outside = insert(manager.connection, "kept");

      await assert.rejects(slow);
      await outside;
      assert.deepEqual(await names(fixture), ["kept"]);
    },
  },
  {
    name: "a read outside sees nothing of an open transaction",
    async check(fixture) {
      await createItems(fixture);
      let seen: readonly string[] | undefined;
      const wrote = Promise.withResolvers<void>();

      const writing = fixture.manager.atomic(async (tx) => {
        await insert(tx, "a");
        wrote.resolve();
        await sleep(20);
      });
      await wrote.promise;
      seen = await names(fixture);
      await writing;

      assert.deepEqual(seen, []);
    },
  },
];
