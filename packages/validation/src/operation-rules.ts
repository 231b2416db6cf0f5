/** When a rule looks: before the result counts, when it can still be undone, or afterwards. */
export type OperationPhase = "before_commit" | "after_commit";

/** True or nothing when all is well; false, or what is wrong as a full sentence, when not. */
export type OperationVerdict = boolean | string | undefined | void;

/** A rule of the caller's own about the result of an operation. */
export interface OperationRule<Result, Context = undefined> {
  readonly name: string;
  /** Default: "before_commit". */
  readonly when?: OperationPhase;
  /** Reads what the operation has done. What it throws counts as a refusal. */
  check(result: Result, context: Context): OperationVerdict | Promise<OperationVerdict>;
}

/** What must be true of the result of an operation. */
export interface OperationRules<Result, Context = undefined> {
  /** Fewest items the result may count. Default: no rule. */
  readonly minimumCount?: number;
  /** Counts the result. Default: a number, the length of a list, the size of a set or map. */
  readonly countOf?: (result: Result) => number;
  /** Asks for the caller's integrity check, before the commit. Default: false. */
  readonly dataIntegrityCheck?: boolean;
  /** Longest duration in milliseconds, 1 to 3,600,000, looked at in both phases. Default: no rule. */
  readonly performanceThreshold?: number;
  /** Up to 1,000. Default: none. */
  readonly own?: readonly OperationRule<Result, Context>[];
}

/** What the rules look at. */
export interface OperationSubject<Result, Context> {
  readonly result: Result;
  /** What rules and the integrity check read through. */
  readonly context: Context;
  /** So far, in milliseconds. */
  readonly durationMs: number;
  /**
   * Finds damage as full sentences, none when there is none. Without it
   * `dataIntegrityCheck` is a refusal: what was asked for was not done.
   */
  readonly integrityCheck?: (context: Context) => readonly string[] | Promise<readonly string[]>;
}

/** One broken rule. */
export interface OperationFinding {
  /** The name of the rule: `minimumCount`, `dataIntegrityCheck`, …, or the caller's own. */
  readonly rule: string;
  readonly phase: OperationPhase;
  readonly message: string;
}

/** Rules of a caller's own that one operation may have. */
export const operationRulesMax = 1_000;

/** Findings of one integrity check that are kept. */
export const integrityFindingsMax = 100;
