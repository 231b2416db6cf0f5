import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase, temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import {
  createCommandExecutor,
  createOperationFailureLog,
  executeAtomicOperation,
} from "@atlas/transaction/commands";
import { createLeaseTable, createLockManager } from "@atlas/transaction/locks";
import { createSagaRunner } from "@atlas/transaction/sagas";
import { createServiceStateManager } from "@atlas/transaction/states";
import {
  commandRules,
  leaseRules,
  lockRules,
  operationRules,
  sagaRules,
  stateRules,
  type TransactionFixture,
} from "@atlas/transaction/testing";
import { describe, test } from "vitest";

describe("T4: the rules of named locks", () => {
  test.for(lockRules)("$name", (rule) => rule.check(createLockManager));
});

describe("T4: the rules of leases", () => {
  test.for(leaseRules)("$name", (rule) =>
    rule.check(async (options) => {
      await using stack = new AsyncDisposableStack();
      const path = stack.use(temporaryDirectory()).file("leases.db");
      const [database, other] = [await openSqlite(path), await openSqlite(path)];
      stack.use(database);
      stack.use(other);
      const manager = stack.use(await createTransactionManager(database));
      const theirs = stack.use(await createTransactionManager(other));
      const { dialect } = database;
      return Object.assign(stack.move(), {
        database,
        manager,
        ours: createLeaseTable(manager, { dialect, ...options }),
        theirs: createLeaseTable(theirs, { dialect, ...options }),
      });
    }),
  );
});

describe("T8: the rules of sagas", () => {
  test.for(sagaRules)("$name", (rule) =>
    rule.check(() =>
      openWith(({ manager, database: { dialect } }) => ({
        runner: (sagas: Parameters<typeof createSagaRunner>[1]["sagas"], holder: string) =>
          createSagaRunner(manager, { dialect, sagas, holder }),
      })),
    ),
  );
});

describe("T7: the rules of commands", () => {
  test.for(commandRules)("$name", (rule) => rule.check(createCommandExecutor));
});

describe("T7 V4: the rules of operations", () => {
  test.for(operationRules)("$name", (rule) =>
    rule.check(() =>
      openWith(({ manager, database: { dialect } }) => ({
        execute: executeAtomicOperation,
        failureLog: createOperationFailureLog(manager, { dialect, entriesMax: 10 }),
      })),
    ),
  );
});

describe("P4: the rules of service states", () => {
  test.for(stateRules)("$name", (rule) =>
    rule.check((options) =>
      openWith(({ manager, database: { dialect } }) => ({
        services: createServiceStateManager(manager, { dialect, ...options }),
      })),
    ),
  );
});

/** A temporary store with parts over it, all of which end with it. */
async function openWith<Parts extends object>(
  partsOf: (fixture: TransactionFixture) => Parts,
): Promise<TransactionFixture & AsyncDisposable & Parts> {
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openTemporaryDatabase());
  const manager = stack.use(await createTransactionManager(database));
  const fixture = { database, manager };
  return Object.assign(stack.move(), fixture, partsOf(fixture));
}
