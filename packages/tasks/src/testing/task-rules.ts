import { claimRules } from "./claim-rules.ts";
import { creationRules } from "./creation-rules.ts";
import { deletionRules } from "./deletion-rules.ts";
import { dependencyRules } from "./dependency-rules.ts";
import { historyRules } from "./history-rules.ts";
import { importRules } from "./import-rules.ts";
import { listRules } from "./list-rules.ts";
import { statusRules } from "./status-rules.ts";
import { streamRules } from "./stream-rules.ts";
import type { TaskRule } from "./task-rule.ts";
import { updateRules } from "./update-rules.ts";

/** Everything that a `TaskManager` promises, each rule for an empty store of its own. */
export const taskRules: readonly TaskRule[] = [
  ...creationRules,
  ...updateRules,
  ...statusRules,
  ...dependencyRules,
  ...claimRules,
  ...listRules,
  ...deletionRules,
  ...historyRules,
  ...importRules,
  ...streamRules,
];
