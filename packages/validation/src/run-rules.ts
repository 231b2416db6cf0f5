import type { BusinessRule } from "./business-rule.ts";
import type { Candidate } from "./candidate.ts";
import type { IssueCollector } from "./issue-collector.ts";
import type { ValidationFinding, ValidationIssue } from "./validation-issue.ts";

/** The rules a change of these fields can break; all of them when no fields are named. */
export function rulesFor<Value, Context>(
  rules: readonly BusinessRule<Value, Context>[],
  changedFields: readonly (keyof Value & string)[] | undefined,
): readonly BusinessRule<Value, Context>[] {
  if (changedFields === undefined) return rules;
  return rules.filter(
    ({ fields }) => fields === "all" || fields.some((field) => changedFields.includes(field)),
  );
}

/** Runs one rule on every item that passed the schema, with one load for all of them. */
export async function runRule<Value, Context>(
  rule: BusinessRule<Value, Context>,
  candidates: readonly Candidate<Value>[],
  { context, collector }: { readonly context: Context; readonly collector: IssueCollector },
): Promise<void> {
  const values = candidates.flatMap(({ passed }) => (passed === undefined ? [] : [passed.value]));
  if (values.length === 0) return;
  const check = await rule.prepare(values, context);
  for (const candidate of candidates) {
    if (candidate.passed === undefined) continue;
    const verdict = check(candidate.passed.value);
    if (verdict === true) continue;
    for (const finding of verdict === false ? [{}] : verdict) {
      collector.add(candidate, issueOf(rule, finding));
    }
  }
}

function issueOf<Value, Context>(
  rule: BusinessRule<Value, Context>,
  finding: ValidationFinding,
): ValidationIssue {
  const { code, message, severity = "error", fields } = rule;
  return {
    code,
    message: finding.message ?? message,
    severity,
    path: finding.path ?? (fields !== "all" && fields.length === 1 ? fields : []),
    stage: "rule",
  };
}
