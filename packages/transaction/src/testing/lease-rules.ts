import assert from "node:assert/strict";
import type { Lease, LeaseTable } from "../locks/lease-table.ts";
import type { TransactionManager } from "../transaction.ts";
import { assertCode, createItems, insert, names, type TransactionFixture } from "./rule.ts";

/** Two processes over one empty store. */
export interface LeaseFixture extends TransactionFixture, AsyncDisposable {
  readonly manager: TransactionManager;
  /** The table of the process of `manager`. */
  readonly ours: LeaseTable;
  /** The table of another process, or at least of another connection. */
  readonly theirs: LeaseTable;
}

/** How the tables are to be made. */
export interface LeaseRuleOptions {
  readonly ttlMs: number;
  readonly clock: () => number;
}

/** Opens two tables over one empty store; nothing is prepared. */
export type OpenLeases = (options: LeaseRuleOptions) => Promise<LeaseFixture>;

/** One promise of `LeaseTable`: `check` throws when it is broken. */
export interface LeaseRule {
  readonly name: string;
  readonly check: (open: OpenLeases) => Promise<void>;
}

async function prepared(open: OpenLeases, clock: () => number): Promise<LeaseFixture> {
  const fixture = await open({ ttlMs: 100, clock });
  await Promise.all([fixture.ours.prepare(), fixture.theirs.prepare()]);
  return fixture;
}

/** The rules every `LeaseTable` must keep; runner-agnostic. */
export const leaseRules: readonly LeaseRule[] = [
  {
    name: "a name has one holder at a time, in whatever process",
    async check(open) {
      await using fixture = await prepared(open, () => 0);
      const { ours, theirs } = fixture;

      const offers = await Promise.all([
        ours.acquire("saga", "one"),
        theirs.acquire("saga", "two"),
        ours.acquire("other", "one"),
      ]);

      assert.equal(offers.slice(0, 2).filter((lease) => lease !== undefined).length, 1);
      assert.ok(offers[2]);
      const held = (await theirs.list()).map(({ name }) => name);
      assert.deepEqual(held.toSorted(), ["other", "saga"]);
      assert.equal((await ours.list({ limit: 1 })).length, 1);
    },
  },
  {
    name: "tokens only grow, also after a release; releasing twice is harmless",
    async check(open) {
      await using fixture = await prepared(open, () => 0);
      const { ours, theirs } = fixture;

      const first = await ours.acquire("saga", "one");
      await ours.release(first!);
      await ours.release(first!);
      const second = await theirs.acquire("saga", "two");
      const third = await theirs.acquire("other", "two");

      assert.ok(second!.token > first!.token);
      assert.ok(third!.token > second!.token);
      await ours.release(first!);
      assert.equal((await ours.list()).length, 2);
    },
  },
  {
    name: "a holder that asks again gets a new lease, and its old one is lost",
    async check(open) {
      await using fixture = await prepared(open, () => 0);
      const { ours } = fixture;

      const before = await ours.acquire("saga", "one");
      const after = await ours.acquire("saga", "one");

      assert.ok(after!.token > before!.token);
      await assertCode(ours.renew(before!), "transaction.lease_lost");
      assert.equal((await ours.renew(after!)).token, after!.token);
    },
  },
  {
    name: "a lease that ran out is renewed as long as nobody has taken it, and not after",
    async check(open) {
      let now = 1_000;
      await using fixture = await prepared(open, () => now);
      const { ours, theirs } = fixture;
      let lease = (await ours.acquire("saga", "one"))!;

      now = 1_200;
      assert.deepEqual(await theirs.list(), []);
      lease = await ours.renew(lease);
      assert.equal(lease.expiresAt, 1_300);
      assert.equal(await theirs.acquire("saga", "two"), undefined);
      now = 1_300;
      const taken = await theirs.acquire("saga", "two", { ttlMs: 500 });

      assert.deepEqual([taken?.holder, taken?.expiresAt], ["two", 1_800]);
      await assertCode(ours.renew(lease), "transaction.lease_lost");
      await ours.release(lease);
      assert.deepEqual(await ours.list(), [taken]);
    },
  },
  {
    name: "the token is checked in the transaction of the write: a late write leaves nothing",
    async check(open) {
      let now = 0;
      await using fixture = await prepared(open, () => now);
      const { ours, theirs, manager } = fixture;
      await createItems(fixture);
      const write = (lease: Lease, name: string): Promise<void> =>
        manager.atomic(async (transaction) => {
          await insert(transaction, name);
          await ours.assertHeld(lease);
        });

      const lease = (await ours.acquire("saga", "one"))!;
      await write(lease, "in time");
      now = 100;
      await write(lease, "run out, but taken by nobody");
      await theirs.acquire("saga", "two");

      await assertCode(write(lease, "too late"), "transaction.lease_lost");
      assert.deepEqual(await names(fixture), ["in time", "run out, but taken by nobody"]);
      await assertCode(ours.assertHeld(lease), "transaction.required");
    },
  },
];
