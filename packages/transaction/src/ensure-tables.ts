import { createMissingTables, type Dialect, type OwnTables } from "@atlas/storage";
import type { TransactionCoordinator } from "./transaction.ts";

/**
 * Creates what is missing, in a transaction of its own or in the one around it.
 *
 * @internal
 */
export function ensureTables(
  transactions: TransactionCoordinator,
  dialect: Dialect,
  wanted: OwnTables,
): Promise<void> {
  return transactions.atomic((transaction) => createMissingTables(transaction, dialect, wanted));
}
