import { definitionRules } from "./definition-rules.ts";
import type { IndexRule } from "./index-rule.ts";
import { maintenanceRules } from "./maintenance-rules.ts";
import { verificationRules } from "./verification-rules.ts";

/** What every IndexCoordinator does, over every Database. */
export const indexRules: readonly IndexRule[] = [
  ...definitionRules,
  ...maintenanceRules,
  ...verificationRules,
];
