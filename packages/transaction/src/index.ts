// The manager and what a body receives.
export { createTransactionManager } from "./create-transaction-manager.ts";
export { statement } from "./statement.ts";
export type {
  IsolationLevel,
  ManualTransaction,
  Program,
  ProgramStatement,
  Transaction,
  TransactionCoordinator,
  TransactionManager,
  TransactionStatus,
} from "./transaction.ts";

// Options and their defaults.
export {
  type Durability,
  transactionManagerDefaults,
  type TransactionManagerOptions,
  type TransactionOptions,
} from "./transaction-options.ts";

// What can be observed and what can go wrong.
export { type TransactionErrorCode, transactionError, transactionErrorCodes } from "./errors.ts";
export type { TransactionEvent } from "./events.ts";
