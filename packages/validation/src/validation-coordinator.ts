import type { FieldPath } from "./field-path.ts";
import type { RepairChoice, RepairPlan } from "./repair-plan.ts";
import type {
  BatchValidationResult,
  RepairResult,
  ValidatedBatch,
  ValidationResult,
  VerificationResult,
} from "./validation-result.ts";

/**
 * The fields an update changes, or a function that answers for one item and
 * its position among those given (`undefined`: it is new, every rule runs).
 */
export type ChangedFields<Value> =
  | readonly FieldPath<Value>[]
  | ((item: Value, index: number) => readonly FieldPath<Value>[] | undefined);

/** What one call of a coordinator is given besides the items. */
export interface ValidateOptions<Value, Context> {
  /** What rules and checks read through, such as the connection of a transaction. */
  readonly context: Context;
  /**
   * For updates: only rules that read one of these fields run. The schema runs
   * in full and so do the runtime checks. `changedFieldsOf` finds them out.
   * Default: every rule runs.
   */
  readonly changedFields?: ChangedFields<Value>;
}

/** The options of one call; they may be left out where rules need no context. */
export type ValidateArguments<Value, Context> = undefined extends Context
  ? [options?: Partial<ValidateOptions<Value, Context>>]
  : [options: ValidateOptions<Value, Context>];

/** What a stream is given besides the items. */
export interface StreamOptions<Value, Context> extends ValidateOptions<Value, Context> {
  /** Items that are loaded for and answered together. Default: 1,000; maximum `itemsMax`. */
  readonly batchSize?: number;
}

/** The options of one stream; they may be left out where rules need no context. */
export type StreamArguments<Value, Context> = undefined extends Context
  ? [options?: Partial<StreamOptions<Value, Context>>]
  : [options: StreamOptions<Value, Context>];

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

  /**
   * Validates any number of items in batches, each with one `load` per rule,
   * and keeps one batch at a time. Runtime checks run once, with the first batch
   * that has a valid item. Inputs are drawn only as batches are asked for, and
   * other work of the thread has its turn between two batches.
   */
  validateStream(
    inputs: Iterable<unknown> | AsyncIterable<unknown>,
    ...options: StreamArguments<Value, Context>
  ): AsyncGenerator<ValidatedBatch<Value>, void, undefined>;

  /** Runs all runtime checks, those on demand included, and says what could be repaired. */
  verify(context: Context): Promise<VerificationResult>;

  /**
   * Carries out the chosen steps of a plan through the context and verifies
   * again. A step whose contradiction is no longer found is left out, so a plan
   * may be old and a repair may be repeated. Give the connection of one
   * transaction: what a check throws is thrown on, and nothing else undoes the
   * steps before it.
   *
   * @throws {AtlasError} validation.invalid_repair when the choice does not fit the plan
   * or the plan does not fit the checks; nothing was changed
   */
  repair(plan: RepairPlan, context: Context, choice: RepairChoice): Promise<RepairResult>;
}
