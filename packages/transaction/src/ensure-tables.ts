import type { Dialect, IndexDefinition, TableDefinition } from "@atlas/storage";
import type { TransactionCoordinator } from "./transaction.ts";

/**
 * Creates what is missing. The look and the creation are one transaction, so
 * processes that start at the same time do not get in each other's way.
 *
 * @internal
 */
export function ensureTables(
  transactions: TransactionCoordinator,
  dialect: Dialect,
  wanted: {
    readonly tables: readonly TableDefinition[];
    readonly indexes?: readonly IndexDefinition[];
  },
): Promise<void> {
  return transactions.atomic(async (transaction) => {
    for (const table of wanted.tables) {
      if ((await transaction.get(dialect.tableExists(table.name))) !== undefined) continue;
      const indexes = wanted.indexes?.filter((index) => index.table === table.name) ?? [];
      const statements = [
        ...dialect.createTable(table),
        ...indexes.flatMap((index) => dialect.createIndex(index)),
      ];
      for (const statement of statements) await transaction.execute(statement);
    }
  });
}
