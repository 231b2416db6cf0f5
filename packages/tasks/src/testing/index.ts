export type { TaskRule, TaskRuleFixture } from "./task-rule.ts";
export { taskRules } from "./task-rules.ts";
