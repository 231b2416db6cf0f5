export type { EngineRule, EngineRuleSubject, EngineStore } from "./engine-rule.ts";
export { engineRules } from "./engine-rules.ts";
