import { type RawRow, type Reader, sqlQuery } from "@atlas/storage";
import {
  checkOperationResult,
  operationRulesMax,
  type OperationSubject,
  resolveOperationRules,
} from "@atlas/validation";
import { transactionError } from "../errors.ts";
import type {
  AtomicOperation,
  RuleFinding,
  RulePhase,
  ValidationRules,
} from "./atomic-operation.ts";

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
  if ((validationRules.own?.length ?? 0) > operationRulesMax)
    throw transactionError(
      "transaction.invalid_option",
      `An operation has at most ${operationRulesMax} rules of its own. Join some of them.`,
      { details: { option: "own", max: operationRulesMax } },
    );
  return resolveOperationRules<T, Reader>(validationRules);
}

/** Every rule that is broken in this phase, with advice. @internal */
export async function findingsOf<T>(
  rules: ValidationRules<T>,
  phase: RulePhase,
  subject: OperationSubject<T, Reader>,
): Promise<readonly RuleFinding[]> {
  const findings = await checkOperationResult(rules, phase, subject);
  return findings.map((finding) => ({ ...finding, advice: adviceOf(phase) }));
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
