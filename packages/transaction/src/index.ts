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
} from "./transaction.ts";
export type { Participant, UndoneOutcome } from "./participant.ts";

// Options and their defaults.
export {
  type Durability,
  type Priority,
  transactionManagerDefaults,
  type TransactionManagerOptions,
  type TransactionOptions,
} from "./transaction-options.ts";
export { retryDefaults, type RetryOptions } from "./retry-policy.ts";

// What can be observed and what can go wrong.
export { type TransactionErrorCode, transactionError, transactionErrorCodes } from "./errors.ts";
export type { TransactionEvent } from "./events.ts";
export type { DurationSummary } from "./duration-histogram.ts";
export {
  activeListMax,
  type ActiveTransaction,
  type TransactionStatistics,
  type TransactionStatus,
} from "./transaction-status.ts";
