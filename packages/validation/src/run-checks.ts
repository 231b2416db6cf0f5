import type { IssueCollector, IssueList } from "./issue-collector.ts";
import type { RuntimeCheck } from "./runtime-check.ts";

/** Runs the checks one after the other and gathers what they find. */
export async function runChecks<Context>(
  checks: readonly RuntimeCheck<Context>[],
  context: Context,
  collector: IssueCollector,
): Promise<IssueList> {
  const state = collector.list();
  for (const { code, message, severity = "error", verify } of checks) {
    for (const finding of await verify(context)) {
      collector.add(state, {
        code,
        message: finding.message ?? message,
        severity,
        path: finding.path ?? [],
        stage: "state",
      });
    }
  }
  return state;
}
