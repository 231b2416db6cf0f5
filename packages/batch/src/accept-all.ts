import type { BatchJudgement } from "./batch-processor.ts";

/** The validation of a processor that was given none. */
export function acceptAll<Item>(items: readonly Item[]): BatchJudgement<Item> {
  return { results: items.map((value) => ({ ok: true, value, issues: [], truncated: false })) };
}
