/** After `close` nothing of a runner writes any more, whatever was under way. */
import { createLeaseTable, type Lease, type LeaseTable } from "@atlas/transaction/locks";
import { createSagaRunner, defineSaga, type SagaTransactions } from "@atlas/transaction/sagas";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { keepLease } from "../../src/sagas/kept-lease.ts";
import { openStore, stepOf } from "./saga-store.ts";

const closed = { code: "transaction.manager_closed" };

describe("T8: closing a runner", () => {
  test("a start that waits for the writer stores nothing after it", async () => {
    await using store = await openStore();
    const order = defineSaga<null>({ name: "order", steps: [stepOf("reserve")] });
    const runner = await store.runner([order]);
    const gate = Promise.withResolvers<void>();
    const ended: string[] = [];

    const holding = store.transactions.atomic(() => gate.promise);
    const starting = runner
      .start(order, { key: "o1", input: null })
      .catch((error: unknown) => ended.push("start") && error);
    const closing = runner.close().then(() => ended.push("close"));
    await new Promise(setImmediate);
    expect(ended).toEqual([]);
    gate.resolve();
    await Promise.all([holding, closing]);

    expect(await starting).toMatchObject(closed);
    expect(ended).toEqual(["start", "close"]);
    const next = await store.runner([order]);
    expect(await next.list()).toEqual([]);
    await next.close();
  });

  test("a start that has just stored its saga ends first, and gives its lease back", async () => {
    await using store = await openStore();
    const { transactions, dialect } = store;
    const gate = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    let armed = false;
    const slow: SagaTransactions = {
      connection: transactions.connection,
      current: () => transactions.current(),
      read: (body) => transactions.read(body),
      async atomic(body, options) {
        const result = await transactions.atomic(body, options);
        if (!armed || transactions.current() !== undefined) return result;
        armed = false;
        stored.resolve();
        await gate.promise;
        return result;
      },
    };
    const order = defineSaga<null>({ name: "order", steps: [stepOf("reserve")] });
    const runner = createSagaRunner(slow, { dialect, sagas: [order] });
    await runner.prepare();

    armed = true;
    const starting = runner
      .start(order, { key: "o1", input: null })
      .catch((error: unknown) => error);
    await stored.promise;
    let isClosed = false;
    const closing = runner.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    gate.resolve();
    await closing;
    expect(await starting).toMatchObject(closed);

    expect(await createLeaseTable(transactions, { dialect }).list()).toEqual([]);
    expect(await store.effects()).toEqual([]);
    const next = await store.runner([order]);
    expect(await next.recover()).toMatchObject({ rolledForward: 1, resumed: 1 });
    expect(await store.effects()).toEqual(["reserve"]);
    await next.close();
  });

  test("a recovery takes nothing up any more", async () => {
    await using store = await openStore();
    const first = Promise.withResolvers<void>();
    const order = defineSaga<null>({
      name: "order",
      steps: [
        stepOf("reserve", {
          outside: ({ signal }) => {
            first.resolve();
            return new Promise((_, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason as Error));
            });
          },
        }),
      ],
    });
    const interrupted = await store.runner([order]);
    const running = ["a", "b", "c"].map((key) =>
      interrupted.start(order, { key, input: null }).catch((error: unknown) => error),
    );
    await first.promise;
    await new Promise(setImmediate);
    await interrupted.close();
    expect(await Promise.all(running)).toMatchObject([closed, closed, closed]);
    const ids = async (): Promise<readonly string[]> => {
      await using reader = await store.runner([order]);
      const histories = await Promise.all(
        (await reader.list()).map(({ id }) => reader.history(id)),
      );
      return histories.flat().map(({ text }) => text);
    };
    const before = (await ids()).length;

    const runner = await store.runner([order], { concurrency: 1 });
    const again = runner.recover();
    for (let turns = 0; turns < 1_000 && (await ids()).length === before; turns += 1)
      await new Promise(setImmediate);
    await runner.close();

    expect((await again).notes).toEqual([
      expect.stringMatching(/^The saga \S+ was not resumed: The saga runner is closed/),
      "The runner was closed before every saga was looked at.",
    ]);
    expect((await ids()).length).toBe(before + 1);
  });

  test("a lease is renewed once at a time, and the last renewal has ended at the end", async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    let ended = 0;
    const leases = {
      renew: async (lease: Lease) => {
        begun += 1;
        await gate.promise;
        ended += 1;
        return lease;
      },
      release: async () => undefined,
    };
    // Only these two are used.
    const kept = keepLease(leases as unknown as LeaseTable, {} as Lease, 6);
    for (let turns = 0; turns < 50 && begun === 0; turns += 1) await sleep(5);
    await sleep(20);

    const disposing = kept[Symbol.asyncDispose]();
    expect([begun, ended]).toEqual([1, 0]);
    gate.resolve();
    await disposing;

    expect([begun, ended]).toEqual([1, 1]);
  });
});

describe("T8: what is kept of sagas is read and forgotten in parts", () => {
  test("a history has pages", async () => {
    await using store = await openStore();
    const order = defineSaga<null>({ name: "order", steps: [stepOf("a"), stepOf("b")] });
    await using runner = await store.runner([order]);
    const { id } = await runner.start(order, { key: "o1", input: null });

    const all = await runner.history(id);
    const [first] = await runner.history(id, { limit: 1 });
    const rest = await runner.history(id, { after: first!.number });

    expect(all.length).toBeGreaterThan(2);
    expect([first, ...rest]).toEqual(all);
    await expect(runner.history(id, { limit: 0 })).rejects.toMatchObject({
      code: "configuration.invalid_option",
    });
  });

  test("more than one transaction forgets are forgotten", async () => {
    await using store = await openStore();
    await using runner = await store.runner([]);
    await store.transactions.connection.execute(
      `INSERT INTO atlas_sagas
         (id, name, key, input, paths, status, position, created_at, updated_at)
       SELECT value, 'old', value, 'null', '[]', 'completed', 0, 1, 1
       FROM json_each((SELECT json_group_array(value) FROM (
         WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2500)
         SELECT 'old' || value AS value FROM n)))`,
    );

    expect(await runner.prune(1_000_000)).toBe(2_500);
    expect(await runner.list()).toEqual([]);
  });
});
