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

/** What runtime checks say of the stored state. */
export interface VerificationResult {
  readonly ok: boolean;
  readonly findings: readonly ValidationIssue[];
  /** True when findings were left out because there were too many. */
  readonly truncated: boolean;
}
