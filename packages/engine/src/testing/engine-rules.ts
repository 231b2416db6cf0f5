import { batchRules } from "./batch-rules.ts";
import { changeRules } from "./change-rules.ts";
import type { EngineRule } from "./engine-rule.ts";
import { queryRules } from "./query-rules.ts";
import { recordRules } from "./record-rules.ts";
import { streamRules } from "./stream-rules.ts";

/** What every UnifiedStorageEngine does, over every Database. */
export const engineRules: readonly EngineRule[] = [
  ...recordRules,
  ...queryRules,
  ...batchRules,
  ...streamRules,
  ...changeRules,
];
