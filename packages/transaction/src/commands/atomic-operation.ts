import type { Reader } from "@atlas/storage";
import type {
  OperationFinding,
  OperationPhase,
  OperationRule as ResultRule,
  OperationRules,
  OperationVerdict,
} from "@atlas/validation";
import type { IsolationLevel, Transaction } from "../transaction.ts";

/** When a rule looks: in the transaction, or at what has become of it. */
export type RulePhase = OperationPhase;

/** True or nothing when all is well; false, or what is wrong as a full sentence, when not. */
export type RuleVerdict = OperationVerdict;

/** A rule of the caller's own; reads what the operation has written. */
export type OperationRule<T> = ResultRule<T, Reader>;

/**
 * What must be true of an operation. `dataIntegrityCheck` checks the whole
 * database and every foreign key inside the transaction; it reads everything, so
 * allow a long `holdTimeoutMs`. `performanceThreshold` counts for the body, which
 * is rolled back when it took longer, and for everything, which is a finding.
 */
export type ValidationRules<T> = OperationRules<T, Reader>;

/** One unit of change with a name and rules. */
export interface AtomicOperation<T> {
  /** Stands in errors and in the failure log. */
  readonly name: string;
  execute(transaction: Transaction): T | Promise<T>;
  readonly validationRules?: ValidationRules<T>;
}

/** One broken rule. */
export interface RuleFinding extends OperationFinding {
  /** What has become of the data and what to do. */
  readonly advice: string;
}

/** What an operation that was committed has done. */
export interface OperationOutcome<T> {
  readonly result: T;
  readonly transactionId: string;
  /** The level really given. */
  readonly isolation: IsolationLevel;
  /** From the call until it was durable, in milliseconds. */
  readonly durationMs: number;
  /** Rules that turned out broken after the commit. What was committed stays. */
  readonly findings: readonly RuleFinding[];
}
