export { type CoordinatorRule, type CreateCoordinator } from "./coordinator-rule.ts";
export { coordinatorRules } from "./coordinator-rules.ts";
