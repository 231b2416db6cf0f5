/** An error refuses the item; a warning is reported and lets it pass. */
export type IssueSeverity = "error" | "warning";

/** Which of the three kinds of validation found an issue. */
export type ValidationStage = "schema" | "rule" | "state";

/** One thing that is wrong, and where. */
export interface ValidationIssue {
  /**
   * Stable and dotted: `schema.` and the schema library's own code
   * (`schema.too_small`), or the code declared by the rule or check.
   */
  readonly code: string;
  /** What is wrong, for people. */
  readonly message: string;
  readonly severity: IssueSeverity;
  /** The way to the value inside the item; empty for the item as a whole. */
  readonly path: readonly (string | number)[];
  readonly stage: ValidationStage;
}

/** What a rule or check says of one violation; what is missing comes from its declaration. */
export interface ValidationFinding {
  readonly message?: string;
  /** Default: the rule's field if it reads exactly one, else empty. */
  readonly path?: readonly (string | number)[];
}
