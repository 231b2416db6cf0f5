import { AtlasError } from "@atlas/errors";
import type { Connection } from "@atlas/storage";
import { executeAtomicOperation, type OperationFailureLog } from "@atlas/transaction/commands";
import { describe, expect, test } from "vitest";
import { insertPoints, openStore } from "./operation-store.ts";

describe("T6, V4: executeAtomicOperation", () => {
  test("an operation that keeps its rules is committed and says how", async () => {
    await using store = await openStore();

    const outcome = await executeAtomicOperation(
      store.transactions,
      {
        name: "MigratePoints",
        execute: (tx) => insertPoints(tx, "a", "b"),
        validationRules: {
          minimumCount: 2,
          dataIntegrityCheck: true,
          performanceThreshold: 60_000,
          own: [
            { name: "written", check: async (names, reader) => names.length === 2 && !!reader },
            { name: "visible", when: "after_commit", check: () => undefined },
          ],
        },
      },
      {
        isolationLevel: "read_committed",
        dialect: store.dialect,
        failureLog: store.failureLog,
      },
    );

    expect(outcome).toMatchObject({ result: ["a", "b"], isolation: "serializable", findings: [] });
    expect(outcome.transactionId).toMatch(/^tx\d+$/);
    expect(await store.count()).toBe(2);
    expect(await store.failureLog.query()).toEqual([]);
  });

  test("broken rules before the commit roll back, are all named, and are kept", async () => {
    await using store = await openStore();
    let now = 0;

    const refused = executeAtomicOperation(
      store.transactions,
      {
        name: "Slow",
        execute: async (tx) => {
          const names = await insertPoints(tx, "a");
          now += 5_001;
          return names;
        },
        validationRules: {
          minimumCount: 2,
          performanceThreshold: 5_000,
          own: [
            { name: "no", check: () => false },
            { name: "why", check: () => "The points are wrong." },
            {
              name: "broken",
              check: () => {
                throw new Error("no such column");
              },
            },
          ],
        },
      },
      { failureLog: store.failureLog, monotonicClock: () => now },
    );

    await expect(refused).rejects.toMatchObject({
      code: "transaction.operation_refused",
      txState: "rolledBack",
    });
    const error = await refused.catch((caught: unknown) => caught);
    const { findings } = (error as AtlasError).details as { findings: { rule: string }[] };
    expect(findings.map(({ rule }) => rule)).toEqual([
      "minimumCount",
      "performanceThreshold",
      "no",
      "why",
      "broken",
    ]);
    expect(await store.count()).toBe(0);
    expect(await store.failureLog.query()).toMatchObject([
      {
        operation: "Slow",
        phase: "before_commit",
        code: "transaction.operation_refused",
        durationMs: 5_001,
        findings: findings.map(({ rule }) => ({ rule })),
      },
    ]);
  });

  test("counts come from numbers, lists, sets, maps, or the rule", async () => {
    await using store = await openStore();
    const run = (
      result: unknown,
      countOf?: (given: unknown) => number,
    ): Promise<{ result: unknown }> =>
      executeAtomicOperation<unknown>(store.transactions, {
        name: "Count",
        execute: () => result,
        validationRules: { minimumCount: 1, ...(countOf === undefined ? {} : { countOf }) },
      });

    for (const good of [1, [0], new Set([0]), new Map([[0, 0]])])
      expect((await run(good)).result).toBe(good);
    await run({ migrated: 1 }, () => 1);
    for (const bad of [0, [], new Set(), { migrated: 1 }])
      await expect(run(bad)).rejects.toMatchObject({ code: "transaction.operation_refused" });
  });

  test("what is found after the commit is told, kept, and changes nothing", async () => {
    await using store = await openStore();
    let now = 0;
    const operation = {
      name: "Late",
      execute: (tx: Connection) => insertPoints(tx, "a"),
      validationRules: {
        performanceThreshold: 50,
        own: [{ name: "seen", when: "after_commit" as const, check: () => "It is not shown yet." }],
      },
    };
    const clock = (): number => (now += 20);

    const { findings } = await executeAtomicOperation(store.transactions, operation, {
      failureLog: store.failureLog,
      monotonicClock: clock,
    });

    expect(findings.map(({ rule, phase }) => [rule, phase])).toEqual([
      ["performanceThreshold", "after_commit"],
      ["seen", "after_commit"],
    ]);
    expect(findings[0]?.advice).toMatch(/committed and stays/);
    expect(await store.count()).toBe(1);
    expect(await store.failureLog.query()).toMatchObject([
      { operation: "Late", phase: "after_commit", code: "finding" },
    ]);
  });

  test("after the commit nothing throws: what cannot be checked or kept is a finding", async () => {
    await using store = await openStore();
    const { transactions } = store;
    const broken: OperationFailureLog = {
      ...store.failureLog,
      record: () => Promise.reject(new Error("disk")),
    };
    const unreadable = {
      atomic: transactions.atomic.bind(transactions),
      read: () => Promise.reject(new Error("no reader")),
    };

    const { findings, result } = await executeAtomicOperation(
      unreadable,
      { name: "Blind", execute: (tx) => insertPoints(tx, "a") },
      { failureLog: broken },
    );

    expect(result).toEqual(["a"]);
    expect(findings.map(({ rule }) => rule)).toEqual(["read", "failureLog"]);
  });

  test("a failure keeps its cause, whether it may be tried again, and what became of the data", async () => {
    await using store = await openStore();
    const { transactions, failureLog } = store;
    const failing = (error: unknown, log: OperationFailureLog = failureLog): Promise<unknown> =>
      executeAtomicOperation(
        transactions,
        {
          name: "Fail",
          async execute(tx) {
            await insertPoints(tx, "a");
            throw error;
          },
        },
        { failureLog: log },
      );

    const plain = new TypeError("broken");
    await expect(failing(plain)).rejects.toMatchObject({
      code: "transaction.operation_failed",
      cause: plain,
      retryable: false,
      txState: "rolledBack",
    });
    const busy = new AtlasError("storage.busy", "Busy.", { retryable: true });
    await expect(failing(busy)).rejects.toMatchObject({ retryable: true, cause: busy });
    const unknown = new AtlasError("transaction.outcome_unknown", "Who knows.", {
      txState: "unknown",
    });
    await expect(failing(unknown)).rejects.toThrow(/not known/);
    await expect(failing("text")).rejects.toMatchObject({ cause: "text" });

    const disk = new Error("disk");
    const unwritable = { ...failureLog, record: () => Promise.reject(disk) };
    const both = failing(plain, unwritable);
    await expect(both).rejects.toMatchObject({ details: { logged: false } });
    await expect(both).rejects.toHaveProperty("cause.errors", [plain, disk]);

    expect(await store.count()).toBe(0);
    expect((await failureLog.query()).map(({ code }) => code)).toEqual([
      "string",
      "transaction.outcome_unknown",
      "storage.busy",
      "TypeError",
    ]);
  });

  test("it is refused inside another transaction, where its log could not be kept", async () => {
    await using store = await openStore();
    const nested = store.transactions.atomic(() =>
      executeAtomicOperation(store.transactions, { name: "Nested", execute: () => 1 }),
    );

    await expect(nested).rejects.toMatchObject({
      cause: { code: "transaction.would_deadlock" },
    });
  });

  test("unknown rules and options are refused", async () => {
    await using store = await openStore();
    const misspelt = { minimumMigratedCount: 1 } as object;

    await expect(
      executeAtomicOperation(store.transactions, {
        name: "Misspelt",
        execute: () => 1,
        validationRules: misspelt,
      }),
    ).rejects.toThrow(/no option "minimumMigratedCount"/);
    const own = Array.from({ length: 1_001 }, () => ({ name: "r", check: () => true }));
    await expect(
      executeAtomicOperation(store.transactions, {
        name: "Many",
        execute: () => 1,
        validationRules: { own },
      }),
    ).rejects.toMatchObject({ code: "transaction.invalid_option" });
  });

  test("the failure log is bounded, filtered, paged and pruned", async () => {
    await using store = await openStore(3);
    const { failureLog } = store;
    for (const operation of ["a", "b", "a", "b", "a"])
      await failureLog.record({
        operation,
        phase: "execute",
        transactionId: "tx1",
        durationMs: 1,
        findings: [],
        error: new Error("x".repeat(5_000)),
      });

    const all = await failureLog.query();
    expect(all.map(({ number }) => number)).toEqual([5, 4, 3]);
    expect(all[0]?.message).toHaveLength(2_000);
    expect(await failureLog.query({ operation: "b" })).toHaveLength(1);
    expect(await failureLog.query({ limit: 1, before: 5 })).toMatchObject([{ number: 4 }]);
    expect(await failureLog.query({ since: all[0]!.at })).toHaveLength(1);
    expect(await failureLog.prune(all[0]!.at)).toBe(2);
    expect(await failureLog.query()).toHaveLength(1);
  });
});
