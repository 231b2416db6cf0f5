import { checkOptions } from "@atlas/errors";
import { type RawRow, type Reader, sqlQuery } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import type {
  AtomicOperation,
  OperationRule,
  RuleFinding,
  RulePhase,
  ValidationRules,
} from "./atomic-operation.ts";

/** Rules of a caller's own that one operation may have. */
const ownRulesMax = 1_000;

/** Finds damage in the store as full sentences; none when there is none. */
export type IntegrityCheck = (reader: Reader) => Promise<readonly string[]>;

const contents = sqlQuery("PRAGMA integrity_check(10)");
const references = sqlQuery("PRAGMA foreign_key_check");

/** The check of SQLite; another driver brings its own as the option `integrityCheck`. @internal */
export const sqliteIntegrityCheck: IntegrityCheck = async (reader) => {
  const damage = (await reader.all(contents))
    .map((row: RawRow) => String(Object.values(row)[0]))
    .filter((text) => text !== "ok");
  const orphans = await reader.all(references);
  return orphans.length === 0
    ? damage
    : [...damage, `${orphans.length} rows refer to rows that do not exist.`];
};

/** Refuses rules that do not exist or cannot be used. @internal */
export function checkRules<T>({ validationRules = {} }: AtomicOperation<T>): ValidationRules<T> {
  checkOptions<ValidationRules<T>>("validationRules", validationRules, {
    minimumCount: { min: 0, max: Number.MAX_SAFE_INTEGER },
    countOf: "any",
    dataIntegrityCheck: "any",
    performanceThreshold: { min: 1, max: 3_600_000 },
    own: "any",
  });
  if ((validationRules.own?.length ?? 0) > ownRulesMax)
    throw transactionError(
      "transaction.invalid_option",
      `An operation has at most ${ownRulesMax} rules of its own. Join some of them.`,
      { details: { option: "own", max: ownRulesMax } },
    );
  return { ...validationRules, own: [...(validationRules.own ?? [])] };
}

/** What rules look at. @internal */
export interface Checked<T> {
  readonly result: T;
  readonly reader: Reader;
  /** So far, in milliseconds. */
  readonly durationMs: number;
  readonly integrityCheck: IntegrityCheck;
}

/** Every rule that is broken in this phase, not only the first. @internal */
export async function findingsOf<T>(
  rules: ValidationRules<T>,
  phase: RulePhase,
  checked: Checked<T>,
): Promise<readonly RuleFinding[]> {
  const broken: { rule: string; message: string }[] = [];
  if (phase === "before_commit") broken.push(...countFindings(rules, checked.result));
  const { performanceThreshold: limit } = rules;
  if (limit !== undefined && checked.durationMs > limit)
    broken.push({
      rule: "performanceThreshold",
      message: `It took ${Math.round(checked.durationMs)} ms, and ${limit} ms are allowed.`,
    });
  if (phase === "before_commit" && rules.dataIntegrityCheck === true)
    for (const message of await checked.integrityCheck(checked.reader))
      broken.push({ rule: "dataIntegrityCheck", message });
  for (const rule of rules.own ?? []) {
    if ((rule.when ?? "before_commit") !== phase) continue;
    const message = await refusalOf(rule, checked);
    if (message !== undefined) broken.push({ rule: rule.name, message });
  }
  return broken.map((finding) => ({ ...finding, phase, advice: adviceOf(phase) }));
}

function countFindings<T>(
  { minimumCount, countOf = defaultCount }: ValidationRules<T>,
  result: T,
): readonly { rule: string; message: string }[] {
  if (minimumCount === undefined) return [];
  const count = countOf(result);
  if (count >= minimumCount) return [];
  const message = Number.isNaN(count)
    ? "The result has no count. Give the rule `countOf`."
    : `The result counts ${count}, and at least ${minimumCount} are required.`;
  // NaN is below and above nothing, so it must not pass as a large number.
  return [{ rule: "minimumCount", message }];
}

function defaultCount(result: unknown): number {
  if (typeof result === "number") return result;
  if (Array.isArray(result)) return result.length;
  return result instanceof Set || result instanceof Map ? result.size : Number.NaN;
}

async function refusalOf<T>(
  rule: OperationRule<T>,
  { result, reader }: Checked<T>,
): Promise<string | undefined> {
  try {
    const verdict = await rule.check(result, reader);
    if (verdict === false) return "The rule is not met.";
    return typeof verdict === "string" ? verdict : undefined;
  } catch (error) {
    return `The rule could not be checked: ${error instanceof Error ? error.message : "unknown"}`;
  }
}

/** What could not be done after the commit, as a finding. @internal */
export function afterCommitFinding(rule: string, error: unknown): RuleFinding {
  const reason = error instanceof Error ? error.message : "Something that is no error was thrown.";
  return { rule, phase: "after_commit", message: reason, advice: adviceOf("after_commit") };
}

function adviceOf(phase: RulePhase): string {
  return phase === "before_commit"
    ? "Everything was rolled back. Correct the operation or its input and run it again."
    : "The change is committed and stays. Look at the data; undo it with an operation of its own " +
        "if it is wrong, and do not simply run this one again.";
}
