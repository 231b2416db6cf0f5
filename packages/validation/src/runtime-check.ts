import type { RepairProposal, RepairStep } from "./repair-plan.ts";
import type { IssueSeverity, ValidationFinding } from "./validation-issue.ts";

/** A contradiction that a check has found, with what could be done about it. */
export interface CheckFinding extends ValidationFinding {
  /** Ways to end it, of which one is to be chosen. Default: none. */
  readonly repairs?: readonly RepairProposal[];
}

/** What a check has found; a generator keeps a store full of contradictions out of memory. */
export type CheckFindings = Iterable<CheckFinding> | AsyncIterable<CheckFinding>;

/** Looks for contradictions in the stored state: integrity and consistency. */
export interface RuntimeCheck<Context> {
  /** Stable and dotted, such as `task.orphaned`. */
  readonly code: string;
  /** What is wrong when the check finds something, as a full sentence. */
  readonly message: string;
  /** Default: `error`. */
  readonly severity?: IssueSeverity;
  /**
   * True keeps the check out of `validate`: it runs only when `verify` is
   * called. For checks that read the whole store. Default: false.
   */
  readonly onDemandOnly?: boolean;
  /** Reads the state through the context; no findings means that all is well. */
  readonly verify: (context: Context) => CheckFindings | Promise<CheckFindings>;
  /**
   * Carries out steps that its findings proposed, all at once. Each has been
   * found to be still needed in the same transaction. Default: it proposes none.
   */
  readonly repair?: (steps: readonly RepairStep[], context: Context) => void | Promise<void>;
}
