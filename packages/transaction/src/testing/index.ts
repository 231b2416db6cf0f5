// The rules every TransactionManager must keep, to be run by whoever implements one.
export type { TransactionFixture, TransactionRule } from "./rule.ts";
export { transactionRules } from "./transaction-rules.ts";
