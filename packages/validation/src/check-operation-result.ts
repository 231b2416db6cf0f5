import { checkOptions } from "@atlas/errors";
import { validationError } from "./errors.ts";
import { boundedText } from "./issue-bounds.ts";
import {
  integrityFindingsMax,
  type OperationFinding,
  type OperationPhase,
  type OperationRule,
  type OperationRules,
  operationRulesMax,
  type OperationSubject,
} from "./operation-rules.ts";

/**
 * Copies the rules of an operation and refuses those that do not exist or
 * cannot be used; to be called before the operation runs.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 * @throws {AtlasError} validation.invalid_rule when there are too many of the caller's own
 */
export function resolveOperationRules<Result, Context = undefined>(
  rules: OperationRules<Result, Context>,
): OperationRules<Result, Context> {
  checkOptions<OperationRules<Result, Context>>("validationRules", rules, {
    minimumCount: { min: 0, max: Number.MAX_SAFE_INTEGER },
    countOf: "any",
    dataIntegrityCheck: "any",
    performanceThreshold: { min: 1, max: 3_600_000 },
    own: "any",
  });
  const own = [...(rules.own ?? [])];
  if (own.length > operationRulesMax)
    throw validationError(
      "validation.invalid_rule",
      `An operation has at most ${operationRulesMax} rules of its own. Join some of them.`,
      { details: { option: "own", max: operationRulesMax } },
    );
  return { ...rules, own };
}

/**
 * Names every rule of this phase that the result breaks, not only the first. A
 * rule of the caller's own that throws refuses the result; what `countOf` and the
 * integrity check throw is thrown on.
 */
export async function checkOperationResult<Result, Context>(
  rules: OperationRules<Result, Context>,
  phase: OperationPhase,
  subject: OperationSubject<Result, Context>,
): Promise<readonly OperationFinding[]> {
  const findings: OperationFinding[] = [];
  const refuse = (rule: string, message: string): void =>
    void findings.push({ rule, phase, message: boundedText(message) });
  const { minimumCount, performanceThreshold: limit, dataIntegrityCheck, own = [] } = rules;
  const { result, durationMs } = subject;

  if (phase === "before_commit" && minimumCount !== undefined) {
    const message = countRefusal(minimumCount, result, rules.countOf);
    if (message !== undefined) refuse("minimumCount", message);
  }
  if (limit !== undefined && durationMs > limit) {
    const took = Math.round(durationMs);
    refuse("performanceThreshold", `It took ${took} ms, and ${limit} ms are allowed.`);
  }
  if (phase === "before_commit" && dataIntegrityCheck === true) {
    for (const message of await damageOf(subject)) refuse("dataIntegrityCheck", message);
  }
  for (const rule of own) {
    if ((rule.when ?? "before_commit") !== phase) continue;
    const message = await refusalOf(rule, subject);
    if (message !== undefined) refuse(rule.name, message);
  }
  return findings;
}

function countRefusal<Result>(
  minimumCount: number,
  result: Result,
  countOf: (result: Result) => number = defaultCount,
): string | undefined {
  const count = countOf(result);
  // NaN is below and above nothing, so it must not pass as a large number.
  if (count >= minimumCount) return undefined;
  return Number.isNaN(count)
    ? "The result has no count. Give the rule `countOf`."
    : `The result counts ${count}, and at least ${minimumCount} are required.`;
}

function defaultCount(result: unknown): number {
  if (typeof result === "number") return result;
  if (Array.isArray(result)) return result.length;
  return result instanceof Set || result instanceof Map ? result.size : Number.NaN;
}

async function damageOf<Result, Context>({
  integrityCheck,
  context,
}: OperationSubject<Result, Context>): Promise<readonly string[]> {
  if (integrityCheck === undefined) return ["There is no integrity check to run. Give one."];
  const damage = await integrityCheck(context);
  const more = damage.length - integrityFindingsMax;
  return more <= 0
    ? damage
    : [...damage.slice(0, integrityFindingsMax), `${more} more findings were left out.`];
}

async function refusalOf<Result, Context>(
  rule: OperationRule<Result, Context>,
  { result, context }: OperationSubject<Result, Context>,
): Promise<string | undefined> {
  try {
    const verdict = await rule.check(result, context);
    if (verdict === false) return "The rule is not met.";
    return typeof verdict === "string" ? verdict : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    return `The rule could not be checked: ${reason}`;
  }
}
