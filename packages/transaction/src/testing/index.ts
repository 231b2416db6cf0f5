// The rules every TransactionManager must keep, to be run by whoever implements one.
export type { TransactionFixture, TransactionRule } from "./rule.ts";
export { transactionRules } from "./transaction-rules.ts";

// Those of named locks and of leases.
export { type LockRule, lockRules, type OpenLocks } from "./lock-rules.ts";
export {
  type LeaseFixture,
  type LeaseRule,
  type LeaseRuleOptions,
  leaseRules,
  type OpenLeases,
} from "./lease-rules.ts";

// Those of sagas.
export type { OpenSagas, SagaFixture, SagaRule } from "./saga-rule.ts";
export { sagaRules } from "./saga-rules.ts";

// Those of commands and of operations with rules.
export { type CommandRule, commandRules, type OpenCommands } from "./command-rules.ts";
export {
  type OpenOperations,
  type OperationCheck,
  type OperationFixture,
  operationRules,
} from "./operation-rules.ts";

// Those of service states.
export {
  type OpenStates,
  type RuleState,
  type StateFixture,
  type StateRule,
  type StateRuleOptions,
  stateRules,
} from "./state-rules.ts";
