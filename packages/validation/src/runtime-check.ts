import type { IssueSeverity, ValidationFinding } from "./validation-issue.ts";

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
  readonly verify: (
    context: Context,
  ) => readonly ValidationFinding[] | Promise<readonly ValidationFinding[]>;
}
