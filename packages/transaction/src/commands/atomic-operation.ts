import type { Reader } from "@atlas/storage";
import type { IsolationLevel, Transaction } from "../transaction.ts";

/** When a rule looks: in the transaction, or at what has become of it. */
export type RulePhase = "before_commit" | "after_commit";

/** True or nothing when all is well; false, or what is wrong as a full sentence, when not. */
export type RuleVerdict = boolean | string | undefined | void;

/** A rule of the caller's own. */
export interface OperationRule<T> {
  readonly name: string;
  /** Default: "before_commit". */
  readonly when?: RulePhase;
  /** Reads what the operation has written. What it throws counts as a refusal. */
  check(result: T, reader: Reader): RuleVerdict | Promise<RuleVerdict>;
}

/** What must be true of an operation. */
export interface ValidationRules<T> {
  /** Fewest items the result may count. Default: no rule. */
  readonly minimumCount?: number;
  /** Counts the result. Default: a number, the length of a list, the size of a set or map. */
  readonly countOf?: (result: T) => number;
  /**
   * Checks the whole database and every foreign key inside the transaction. It
   * reads everything, so allow a long `holdTimeoutMs`. Default: false.
   */
  readonly dataIntegrityCheck?: boolean;
  /**
   * Longest duration in milliseconds: of the body, which is rolled back when it
   * took longer; and of everything, which is a finding. Default: no rule.
   */
  readonly performanceThreshold?: number;
  /** Up to 1,000. Default: none. */
  readonly own?: readonly OperationRule<T>[];
}

/** One unit of change with a name and rules. */
export interface AtomicOperation<T> {
  /** Stands in errors and in the failure log. */
  readonly name: string;
  execute(transaction: Transaction): T | Promise<T>;
  readonly validationRules?: ValidationRules<T>;
}

/** One broken rule. */
export interface RuleFinding {
  readonly rule: string;
  readonly phase: RulePhase;
  readonly message: string;
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
