// Named locks of one process.
export { createLockManager } from "./create-lock-manager.ts";
export type {
  LockHandle,
  LockManager,
  LockMode,
  LockOwner,
  LockRetryOptions,
  LockRunOptions,
  LockWaitOptions,
} from "./lock-manager.ts";
export { lockManagerDefaults, type LockManagerOptions } from "./lock-options.ts";

// What can be observed.
export type {
  LockDeadlockEvent,
  LockEvent,
  LockRetryEvent,
  LockTimeoutEvent,
  LockWaitEvent,
} from "./lock-events.ts";
export type { LockHolder, LockState, LockTable, LockWaiter } from "./lock-table.ts";

// Leases between processes, kept in the store.
export {
  createLeaseTable,
  leaseTableDefaults,
  type LeaseTableOptions,
  type LeaseTransactions,
} from "./create-lease-table.ts";
export type { Lease, LeaseTable, LeaseTerm } from "./lease-table.ts";
