import type { RowChange } from "@atlas/indexing";
import type { ValidationResult } from "@atlas/validation";
import type { UnifiedStorageEngine } from "./engine.ts";

/** What `validate` and `execute` of an operation work with. */
export interface OperationContext {
  readonly engine: UnifiedStorageEngine;
  readonly actor: string | undefined;
}

/** A change of the system that is more than one `save`. */
export interface SystemOperation<Input, Result> {
  /** Stable and dotted; appears in events. */
  readonly name: string;
  readonly input: Input;
  /** Runs first, inside the transaction; an invalid result refuses the operation. */
  readonly validate?: (
    input: Input,
    context: OperationContext,
  ) => ValidationResult<Input> | Promise<ValidationResult<Input>>;
  /** Does the work with what `validate` made of the input. */
  readonly execute: (input: Input, context: OperationContext) => Result | Promise<Result>;
  /**
   * Rows that `execute` wrote by SQL of its own, so that maintained columns
   * follow. Collections report theirs themselves. Default: none.
   */
  readonly changes?: (result: Result) => Iterable<RowChange>;
  /** Recorded with each change. */
  readonly actor?: string;
  /** Recorded with each change. Default: the name. */
  readonly reason?: string;
}

/** The one way to do something to the whole system: atomic, validated, indexed, monitored. */
export interface SystemCoordinator {
  /**
   * Runs an operation in one transaction and one change set, and reports how
   * it went. A refused or failed operation leaves nothing behind.
   *
   * @throws {AtlasError} validation.failed when `validate` refuses the input.
   */
  process<Input, Result>(operation: SystemOperation<Input, Result>): Promise<Result>;
}
