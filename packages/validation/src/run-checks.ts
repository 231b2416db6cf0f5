import { validationError } from "./errors.ts";
import { boundedText } from "./issue-bounds.ts";
import { type IssueCollector, issueList, type IssueList } from "./issue-collector.ts";
import type { RepairStep } from "./repair-plan.ts";
import type { CheckFinding, RuntimeCheck } from "./runtime-check.ts";
import type { ValidationIssue } from "./validation-issue.ts";
import type { CheckReport } from "./validation-result.ts";

/** Proposals of one finding; more are no choice but a mistake. */
const proposalsMax = 10;

/** What the checks have found, and what they offer to do about it. */
export interface CheckedState extends IssueList {
  readonly reports: CheckReport[];
  readonly steps: RepairStep[];
}

/** Runs the checks one after the other and gathers what they find. */
export async function runChecks<Context>(
  checks: readonly RuntimeCheck<Context>[],
  context: Context,
  collector: IssueCollector,
): Promise<CheckedState> {
  const state: CheckedState = { ...issueList(), reports: [], steps: [] };
  for (const check of checks) {
    let findings = 0;
    let repairable = 0;
    for await (const finding of await check.verify(context)) {
      findings += 1;
      if (proposalsOf(check, finding).length > 0) repairable += 1;
      const { severity = "error" } = check;
      const kept = collector.add(state, severity, () => issueOf(check, finding));
      if (kept) state.steps.push(...stepsOf(check, finding, state));
    }
    state.reports.push({ code: check.code, findings, repairable });
  }
  return state;
}

/** The proposals of a finding. @throws {AtlasError} validation.invalid_rule */
export function proposalsOf<Context>(
  { code, repair }: RuntimeCheck<Context>,
  { repairs = [] }: CheckFinding,
): NonNullable<CheckFinding["repairs"]> {
  const reason =
    repairs.length > 0 && repair === undefined
      ? "proposes repairs and cannot carry them out"
      : repairs.length > proposalsMax
        ? `proposes more than ${proposalsMax} repairs for one finding`
        : new Set(repairs.map(({ name }) => name)).size < repairs.length
          ? "proposes two repairs of the same name for one finding"
          : undefined;
  if (reason === undefined) return repairs;
  throw validationError("validation.invalid_rule", `The check "${code}" ${reason}.`, {
    details: { code },
  });
}

function issueOf<Context>(
  { code, message, severity = "error" }: RuntimeCheck<Context>,
  finding: CheckFinding,
): ValidationIssue {
  return {
    code,
    message: finding.message ?? message,
    severity,
    path: finding.path ?? [],
    stage: "state",
  };
}

function stepsOf<Context>(
  check: RuntimeCheck<Context>,
  finding: CheckFinding,
  { steps, issues }: CheckedState,
): RepairStep[] {
  const { code, severity = "error" } = check;
  return proposalsOf(check, finding).map((proposal, at) => ({
    ...proposal,
    description: boundedText(proposal.description),
    number: steps.length + at + 1,
    finding: issues.length,
    check: code,
    severity,
    path: finding.path ?? [],
  }));
}
