export type { IndexRule, IndexRuleSubject, IndexStore } from "./index-rule.ts";
export { indexRules } from "./index-rules.ts";
