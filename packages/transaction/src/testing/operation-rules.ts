import assert from "node:assert/strict";
import type { executeAtomicOperation } from "../commands/execute-atomic-operation.ts";
import type { OperationFailureLog } from "../commands/failure-log.ts";
import { assertCode, createItems, insert, names, type TransactionFixture } from "./rule.ts";

/** An empty store with a failure log over it, not prepared. */
export interface OperationFixture extends TransactionFixture, AsyncDisposable {
  readonly execute: typeof executeAtomicOperation;
  /** Keeps at most 10 failures. */
  readonly failureLog: OperationFailureLog;
}

/** Opens an empty store for operations. */
export type OpenOperations = () => Promise<OperationFixture>;

/** One promise of `executeAtomicOperation`: `check` throws when it is broken. */
export interface OperationCheck {
  readonly name: string;
  readonly check: (open: OpenOperations) => Promise<void>;
}

async function prepared(open: OpenOperations): Promise<OperationFixture> {
  const fixture = await open();
  await Promise.all([fixture.failureLog.prepare(), fixture.failureLog.prepare()]);
  await createItems(fixture);
  return fixture;
}

/** The rules of operations over every `TransactionManager`; runner-agnostic. */
export const operationRules: readonly OperationCheck[] = [
  {
    name: "an operation that keeps its rules is committed, and says what it has done",
    async check(open) {
      await using fixture = await prepared(open);
      const { execute, manager } = fixture;

      const { result, findings } = await execute(manager, {
        name: "add",
        async execute(transaction) {
          await insert(transaction, "a");
          return ["a"];
        },
        validationRules: {
          minimumCount: 1,
          own: [
            {
              name: "stored",
              check: async (added, reader) =>
                (await reader.all({ sql: "SELECT name FROM items", params: [] })).length ===
                added.length,
            },
          ],
        },
      });

      assert.deepEqual([result, findings], [["a"], []]);
      assert.deepEqual(await names(fixture), ["a"]);
    },
  },
  {
    name: "rules that are broken before the commit are all named, and everything is undone",
    async check(open) {
      await using fixture = await prepared(open);
      const { execute, manager, failureLog } = fixture;

      const refused = execute(
        manager,
        {
          name: "add",
          async execute(transaction) {
            await insert(transaction, "a");
            return 1;
          },
          validationRules: { minimumCount: 2, own: [{ name: "never", check: () => false }] },
        },
        { failureLog },
      );

      await assertCode(refused, "transaction.operation_refused");
      assert.deepEqual(await names(fixture), []);
      const [entry, ...others] = await failureLog.query();
      assert.deepEqual([entry?.operation, entry?.phase, others], ["add", "before_commit", []]);
      assert.deepEqual(
        entry?.findings.map(({ rule }) => rule),
        ["minimumCount", "never"],
      );
    },
  },
  {
    name: "a rule that is broken after the commit is a finding, and what was committed stays",
    async check(open) {
      await using fixture = await prepared(open);
      const { execute, manager, failureLog } = fixture;

      const { findings } = await execute(
        manager,
        {
          name: "add",
          execute: (transaction) => insert(transaction, "a"),
          validationRules: { own: [{ name: "late", when: "after_commit", check: () => "No." }] },
        },
        { failureLog },
      );

      assert.deepEqual(
        findings.map(({ rule, message }) => [rule, message]),
        [["late", "No."]],
      );
      assert.deepEqual(await names(fixture), ["a"]);
      assert.equal((await failureLog.query())[0]?.phase, "after_commit");
    },
  },
  {
    name: "a body that fails leaves nothing but its entry in the log",
    async check(open) {
      await using fixture = await prepared(open);
      const { execute, manager, failureLog } = fixture;

      const failed = execute(
        manager,
        {
          name: "add",
          async execute(transaction) {
            await insert(transaction, "a");
            throw new RangeError("no");
          },
        },
        { failureLog },
      );

      await assertCode(failed, "transaction.operation_failed");
      assert.deepEqual(await names(fixture), []);
      assert.equal((await failureLog.query())[0]?.code, "RangeError");
    },
  },
  {
    name: "an operation inside a transaction is refused: it could not keep its word there",
    async check(open) {
      await using fixture = await prepared(open);
      const { execute, manager } = fixture;
      const operation = { name: "add", execute: () => 1 };

      await manager.atomic(() =>
        assertCode(execute(manager, operation), "transaction.operation_failed"),
      );
    },
  },
  {
    name: "the log keeps the newest failures, in pages, and forgets the old ones when told",
    async check(open) {
      await using fixture = await prepared(open);
      const { failureLog } = fixture;
      const report = { phase: "execute", transactionId: "t", durationMs: 1, findings: [] } as const;

      for (let at = 0; at < 12; at += 1)
        await failureLog.record({ ...report, operation: at % 2 === 0 ? "even" : "odd" });

      const all = await failureLog.query();
      assert.equal(all.length, 10);
      assert.ok(all[0]!.number > all[9]!.number);
      const page = await failureLog.query({ before: all[0]!.number, limit: 2, operation: "odd" });
      assert.deepEqual(page, [all[2], all[4]]);
      assert.equal(await failureLog.prune(Number.MAX_SAFE_INTEGER), 10);
      assert.deepEqual(await failureLog.query(), []);
    },
  },
];
