import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { assertCode, createItems, insert, names, type TransactionRule } from "./rule.ts";

/** How transactions begin, end, and are refused. @internal */
export const lifetimeRules: readonly TransactionRule[] = [
  {
    name: "a handle used after the end is refused",
    async check(fixture) {
      await createItems(fixture);

      const escaped = await fixture.manager.atomic(async (tx) => ({ tx }));

      await assertCode(insert(escaped.tx, "late"), "transaction.closed");
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "work that outlives its transaction is refused instead of committed by itself",
    async check(fixture) {
      await createItems(fixture);
      let late: Promise<unknown> | undefined;

      await fixture.manager.atomic(async () => {
        late = sleep(5).then(() => insert(fixture.manager.connection, "late"));
        // It may be refused before anybody waits for it.
        late.catch(() => undefined);
      });

      assert.ok(late);
      await assertCode(late, "transaction.closed");
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "a body that returns before its nested transaction ends is rolled back",
    async check(fixture) {
      await createItems(fixture);
      let child: Promise<unknown> | undefined;

      const outer = fixture.manager.atomic(async (tx) => {
        await insert(tx, "outer");
        child = fixture.manager.atomic(async (nested) => {
          await sleep(5);
          await insert(nested, "inner");
        });
        child.catch(() => undefined);
      });

      await assertCode(outer, "transaction.child_unfinished");
      assert.ok(child);
      await assertCode(child, "transaction.closed");
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "an independent transaction inside another is refused at once",
    async check(fixture) {
      await createItems(fixture);

      await fixture.manager.atomic(async () => {
        const inner = fixture.manager.atomic(() => undefined, { independent: true });
        await assertCode(inner, "transaction.would_deadlock");
      });
    },
  },
  {
    name: "a body that keeps the writer too long is rolled back and its handle refused",
    async check(fixture) {
      await createItems(fixture);
      let late: Promise<unknown> | undefined;

      const slow = fixture.manager.atomic(
        async (tx) => {
          await insert(tx, "slow");
          late = sleep(150).then(() => insert(tx, "late"));
          late.catch(() => undefined);
          await late;
        },
        { holdTimeoutMs: 30 },
      );

      await assertCode(slow, "transaction.timeout");
      await insert(fixture.manager.connection, "next");
      assert.ok(late);
      await assertCode(late, "transaction.timeout");
      assert.deepEqual(await names(fixture), ["next"]);
    },
  },
  {
    name: "a transaction that cannot start in time is refused and was never run",
    async check(fixture) {
      await createItems(fixture);
      let ran = false;

      const first = fixture.manager.atomic(() => sleep(150));
      const second = fixture.manager.atomic(
        () => {
          ran = true;
        },
        { waitTimeoutMs: 30 },
      );

      await assertCode(second, "transaction.timeout");
      await first;
      assert.equal(ran, false);
    },
  },
  {
    name: "a signal cancels a waiting and a running transaction",
    async check(fixture) {
      await createItems(fixture);
      const running = new AbortController();
      const waiting = new AbortController();

      const first = fixture.manager.atomic(
        async (tx) => {
          await insert(tx, "first");
          waiting.abort();
          await sleep(5);
          running.abort();
          await sleep(50);
        },
        { signal: running.signal },
      );
      const second = fixture.manager.atomic((tx) => insert(tx, "second"), {
        signal: waiting.signal,
      });

      await assertCode(second, "transaction.cancelled");
      await assertCode(first, "transaction.cancelled");
      assert.deepEqual(await names(fixture), []);
    },
  },
  {
    name: "a closed manager finishes what was begun and refuses what was not",
    async check(fixture) {
      await createItems(fixture);

      const begun = insert(fixture.manager.connection, "begun");
      const closing = fixture.manager.close();

      await assertCode(insert(fixture.manager.connection, "late"), "transaction.manager_closed");
      await begun;
      await closing;
      await fixture.manager.close();
      assert.deepEqual(await names(fixture), ["begun"]);
    },
  },
];
