import type { EngineStore } from "@atlas/engine/testing";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";

/** Opens an empty SQLite file in a directory of its own, gone after disposal. */
export async function openTemporaryStore(): Promise<EngineStore> {
  const temporary = await openTemporaryDatabase();
  const transactions = await createTransactionManager(temporary.database);
  return {
    database: temporary.database,
    transactions,
    async [Symbol.asyncDispose]() {
      await transactions.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}
