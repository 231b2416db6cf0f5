import { atomicityRules } from "./atomicity-rules.ts";
import { controlRules } from "./control-rules.ts";
import { lifetimeRules } from "./lifetime-rules.ts";
import { participantRules } from "./participant-rules.ts";
import type { TransactionRule } from "./rule.ts";

/** The rules every `TransactionManager` must keep, whatever the database; runner-agnostic. */
export const transactionRules: readonly TransactionRule[] = [
  ...atomicityRules,
  ...lifetimeRules,
  ...controlRules,
  ...participantRules,
];
