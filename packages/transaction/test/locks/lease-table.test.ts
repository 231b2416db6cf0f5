import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { createLeaseTable, type Lease } from "@atlas/transaction/locks";
import { describe, expect, test } from "vitest";

describe("T4: leases between processes", () => {
  test("one holder at a time, and tokens only grow, also after a release", async () => {
    await using temporary = await openTemporaryDatabase();
    await using transactions = await createTransactionManager(temporary.database);
    const leases = createLeaseTable(transactions, { dialect: temporary.database.dialect });
    await leases.prepare();
    await leases.prepare();

    const before = await leases.acquire("saga", "one");
    expect(await leases.acquire("saga", "two")).toBeUndefined();
    // The same holder comes back, after a crash for example, and its old lease is lost.
    const first = await leases.acquire("saga", "one");
    await expect(leases.renew(before!)).rejects.toMatchObject({ code: "transaction.lease_lost" });
    await leases.release(first!);
    await leases.release(first!);
    const second = await leases.acquire("saga", "two");
    const other = await leases.acquire("other", "two");

    expect(second!.token).toBeGreaterThan(first!.token);
    expect(other!.token).toBeGreaterThan(second!.token);
    expect((await leases.list()).map(({ name }) => name)).toEqual(["saga", "other"]);
    expect(await leases.list({ limit: 1 })).toHaveLength(1);
  });

  test("a lease that ran out is renewed as long as nobody has taken it, and not after", async () => {
    await using temporary = await openTemporaryDatabase();
    await using transactions = await createTransactionManager(temporary.database);
    let now = 1_000;
    const { dialect } = temporary.database;
    const leases = createLeaseTable(transactions, { dialect, ttlMs: 100, clock: () => now });
    await leases.prepare();
    let lease = (await leases.acquire("saga", "one"))!;

    now = 1_200;
    expect(await leases.list()).toEqual([]);
    lease = await leases.renew(lease);
    expect(lease.expiresAt).toBe(1_300);
    expect(await leases.acquire("saga", "two")).toBeUndefined();
    now = 1_300;
    const taken = await leases.acquire("saga", "two", { ttlMs: 500 });

    expect(taken).toMatchObject({ holder: "two", expiresAt: 1_800 });
    await expect(leases.renew(lease)).rejects.toMatchObject({ code: "transaction.lease_lost" });
    await leases.release(lease);
    expect(await leases.list()).toEqual([taken]);
  });

  test("the token is checked in the transaction of the write: a late write leaves nothing", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("leases.db");
    let now = 0;
    await using first = await openSqlite(path);
    await using second = await openSqlite(path);
    await using ours = await createTransactionManager(first);
    await using theirs = await createTransactionManager(second);
    const options = { dialect: first.dialect, ttlMs: 100, clock: () => now };
    const [here, there] = [createLeaseTable(ours, options), createLeaseTable(theirs, options)];
    await Promise.all([here.prepare(), there.prepare()]);
    await ours.connection.execute("CREATE TABLE effects (who TEXT)");
    const write = (lease: Lease): Promise<void> =>
      ours.atomic(async (tx) => {
        await tx.execute("INSERT INTO effects VALUES ('ours')");
        await here.assertHeld(lease);
      });

    const lease = (await here.acquire("saga", "ours"))!;
    await write(lease);
    now = 100;
    // Run out, but taken by nobody: still safe.
    await write(lease);
    await there.acquire("saga", "theirs");

    await expect(write(lease)).rejects.toMatchObject({ code: "transaction.lease_lost" });
    const { rows } = await ours.connection.execute("SELECT who FROM effects");
    expect(rows).toHaveLength(2);
    await expect(here.assertHeld(lease)).rejects.toMatchObject({ code: "transaction.required" });
  });
});
