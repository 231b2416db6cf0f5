import { analyze, AtlasError, type ErrorCode } from "@atlas/errors";
import type { SettledItem } from "../batch-checkpoint.ts";
import type { ItemReport } from "../batch-result.ts";

/** Failures that a job keeps between its runs; beyond them only the counts are exact. */
const failuresKeptMax = 1_000;

/** What is kept of a failure: nothing that a row or a message could hold. */
interface KeptFailure {
  readonly index: number;
  readonly key?: string;
  readonly status: "failed" | "skipped";
  readonly attempts: number;
  readonly code: ErrorCode;
}

/** Adds the failures among items, as far as there is room. */
export function keepFailures(text: string, items: readonly SettledItem[]): string {
  const failed = items.flatMap(({ place: { index, key, attempt }, outcome }) => {
    if (outcome.status === "succeeded") return [];
    const named = key === undefined ? {} : { key };
    const { code } = analyze(outcome.error);
    return [{ index, ...named, status: outcome.status, attempts: attempt, code }];
  });
  if (failed.length === 0) return text;
  const kept: readonly KeptFailure[] = JSON.parse(text);
  if (kept.length >= failuresKeptMax) return text;
  return JSON.stringify([...kept, ...failed].slice(0, failuresKeptMax));
}

/** The reports of earlier runs; their errors carry the code and nothing else. */
export function reportsOf(text: string): readonly ItemReport<never>[] {
  const kept: readonly KeptFailure[] = JSON.parse(text);
  return kept.map(({ code, ...report }) => ({
    ...report,
    error: new AtlasError(code, "The item failed in an earlier run of the job.", {
      severity: "medium",
      hint: "Look at the log of that run, correct the item and process it again.",
    }),
  }));
}
