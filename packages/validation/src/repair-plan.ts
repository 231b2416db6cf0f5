import type { IssueSeverity } from "./validation-issue.ts";

/** A value that survives JSON, so that a plan can be kept, shown and sent. */
export type RepairData =
  | string
  | number
  | boolean
  | null
  | readonly RepairData[]
  | { readonly [key: string]: RepairData };

/**
 * Whether a repair only restores what other data determine (`safe`), or gives
 * something up that a person has to decide about.
 */
export type RepairSafety = "safe" | "needs_decision";

/** What a check offers to do about one of its findings. */
export interface RepairProposal {
  /** Tells the proposals for one finding apart, such as `delete` and `reattach`. */
  readonly name: string;
  /** What would be changed, as a full sentence. */
  readonly description: string;
  readonly safety: RepairSafety;
  /** What the check needs to carry it out. Default: the path of the finding is enough. */
  readonly data?: RepairData;
}

/** One proposal in a plan. */
export interface RepairStep extends RepairProposal {
  /** Its place in the plan, from 1 on. */
  readonly number: number;
  /** The finding it ends, from 1 on; steps that share it exclude one another. */
  readonly finding: number;
  /** The code of the check that found it and would carry it out. */
  readonly check: string;
  readonly severity: IssueSeverity;
  /** The path of the finding. */
  readonly path: readonly (string | number)[];
}

/** Everything that could be repaired; plain data, and nothing happens by itself. */
export interface RepairPlan {
  readonly steps: readonly RepairStep[];
  /** True when there was more to repair than issues are kept: carry it out and verify again. */
  readonly truncated: boolean;
}

/** Which steps of a plan are wanted: their numbers, or the first safe one of each finding. */
export type RepairChoice = "safe" | readonly number[];

/**
 * What became of a chosen step. `unneeded`: the contradiction was gone before.
 * `ineffective`: it was carried out, and the check still finds the same.
 */
export type RepairOutcome = "repaired" | "unneeded" | "ineffective";
