import type { RepairOutcome, RepairPlan } from "./repair-plan.ts";
import type { ValidationIssue } from "./validation-issue.ts";

/** An item without errors; `issues` holds its warnings. */
export interface ValidItem<Value> {
  readonly ok: true;
  /** What the schema made of the input: defaults applied, transforms run. */
  readonly value: Value;
  readonly issues: readonly ValidationIssue[];
  /** True when issues were left out because there were too many. */
  readonly truncated: boolean;
}

/** An item with at least one error. */
export interface InvalidItem {
  readonly ok: false;
  /** Never empty: the first error is kept even when there are too many. */
  readonly issues: readonly ValidationIssue[];
  /** True when issues were left out because there were too many. */
  readonly truncated: boolean;
}

/** What validation says of one item. */
export type ValidationResult<Value> = ValidItem<Value> | InvalidItem;

/** What validation says of many items. */
export interface BatchValidationResult<Value> {
  /** True when every item is valid and the stored state has no errors. */
  readonly ok: boolean;
  /** One result per item, in the order of the input. */
  readonly results: readonly ValidationResult<Value>[];
  /** What runtime checks found in the stored state; it belongs to no single item. */
  readonly stateIssues: readonly ValidationIssue[];
  /** True when issues were left out because there were too many. */
  readonly truncated: boolean;
}

/** How one check went. */
export interface CheckReport {
  readonly code: string;
  /** All it found, those left out for their number included. */
  readonly findings: number;
  /** How many of them it offers to repair. */
  readonly repairable: number;
}

/** What runtime checks say of the stored state. */
export interface VerificationResult {
  /** True when nothing with the severity `error` was found. */
  readonly ok: boolean;
  readonly findings: readonly ValidationIssue[];
  /** True when findings were left out because there were too many. */
  readonly truncated: boolean;
  /** One per check, in the order they ran. */
  readonly checks: readonly CheckReport[];
  /** What could be done about the findings; `repair` carries it out. */
  readonly plan: RepairPlan;
}

/** What became of a chosen step. */
export interface RepairedStep {
  /** The number of the step in the plan. */
  readonly number: number;
  readonly outcome: RepairOutcome;
}

/** What a repair has done. */
export interface RepairResult {
  /** True when no chosen step was ineffective. */
  readonly ok: boolean;
  /** The chosen steps, in the order of the plan. */
  readonly steps: readonly RepairedStep[];
  /** What all checks found afterwards, in the same transaction. */
  readonly after: VerificationResult;
}

/** One part of a stream. */
export interface ValidatedBatch<Value> extends BatchValidationResult<Value> {
  /** The position of its first item in the stream. */
  readonly from: number;
}
