import type {
  BatchValidationResult,
  ValidationResult,
  VerificationResult,
} from "./validation-result.ts";

/** What one call of a coordinator is given besides the items. */
export interface ValidateOptions<Value, Context> {
  /** What rules and checks read through, such as the connection of a transaction. */
  readonly context: Context;
  /**
   * For updates: only rules that read one of these fields run. The schema runs
   * in full and so do the runtime checks. Default: every rule runs.
   */
  readonly changedFields?: readonly (keyof Value & string)[];
}

/** The options of one call; they may be left out where rules need no context. */
export type ValidateArguments<Value, Context> = undefined extends Context
  ? [options?: Partial<ValidateOptions<Value, Context>>]
  : [options: ValidateOptions<Value, Context>];

/**
 * The single entry to validation: schema, then business rules, then runtime checks.
 *
 * Rules see only items that passed the schema, and all rules run on them, so
 * that every issue is reported at once. Runtime checks run once per call, if at
 * least one item is still valid. What a rule or check throws is thrown on
 * unchanged: a store that is busy is not an invalid item.
 */
export interface ValidationCoordinator<Value, Context = undefined> {
  /** Validates one item; issues of the stored state are among its issues. */
  validate(
    input: unknown,
    ...options: ValidateArguments<Value, Context>
  ): Promise<ValidationResult<Value>>;

  /**
   * Validates many items with one `load` per rule.
   *
   * @throws {AtlasError} validation.too_many_items when there are more than `itemsMax`
   */
  validateMany(
    inputs: readonly unknown[],
    ...options: ValidateArguments<Value, Context>
  ): Promise<BatchValidationResult<Value>>;

  /** Runs all runtime checks, those on demand included, and nothing else. */
  verify(context: Context): Promise<VerificationResult>;
}
