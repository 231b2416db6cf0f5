import type { Dialect, Reader } from "@atlas/storage";
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

/** Where the check of an operation comes from. @internal */
export interface IntegritySource {
  readonly dialect?: Dialect | undefined;
  readonly integrityCheck?: IntegrityCheck | undefined;
}

/**
 * The check that `dataIntegrityCheck` asks for; undefined when it does not.
 *
 * @throws {AtlasError} transaction.check_unsupported when there is none.
 * @internal
 */
export function integrityCheckOf(
  isWanted: boolean,
  { dialect, integrityCheck }: IntegritySource,
): IntegrityCheck | undefined {
  if (!isWanted || integrityCheck !== undefined) return integrityCheck;
  const queries = dialect?.integrityCheck();
  if (queries === undefined) throw checkUnsupported(dialect);
  return async (reader) => {
    const damage: string[] = [];
    for (const query of queries) for (const row of await reader.all(query)) damage.push(row.damage);
    return damage;
  };
}

function checkUnsupported(dialect: Dialect | undefined): Error {
  const message =
    dialect === undefined
      ? "`dataIntegrityCheck` was asked for, and nothing says how the store is checked. Give the " +
        "`dialect` of its database."
      : `\`dataIntegrityCheck\` was asked for, and ${dialect.name} has no way to look for damage. ` +
        "Give `integrityCheck`, a check of your own.";
  return transactionError("transaction.check_unsupported", `${message} Nothing was run.`, {
    txState: "none",
    details: { dialect: dialect?.name ?? null },
  });
}

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
