import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager, type TransactionManagerOptions } from "@atlas/transaction";
import { transactionRules } from "@atlas/transaction/testing";
import { describe, test } from "vitest";

const modes: readonly (readonly [string, TransactionManagerOptions])[] = [
  ["as it is", {}],
  ["always synced on another thread", { blockingSyncMaxMs: 0 }],
  ["relaxed", { durability: "relaxed" }],
  ["one member to a group", { groupMembersMax: 1 }],
];

describe.each(modes)("T1 T2: the rules of a transaction manager, %s", (_, options) => {
  test.for(transactionRules)("$name", async (rule) => {
    await using store = await openTemporaryDatabase();
    const { database } = store;
    await using manager = await createTransactionManager(database, options);

    await rule.check({ database, manager });
  });
});
