import { checkOptions } from "@atlas/errors";
import { createCandidates, resultOf, type Candidate } from "./candidate.ts";
import { validationError } from "./errors.ts";
import { IssueCollector } from "./issue-collector.ts";
import { runChecks } from "./run-checks.ts";
import { rulesFor, runRule } from "./run-rules.ts";
import type { StandardSchema } from "./standard-schema.ts";
import {
  resolveOptions,
  type ResolvedOptions,
  type ValidationCoordinatorOptions,
} from "./validation-coordinator-options.ts";
import type { ValidateArguments, ValidationCoordinator } from "./validation-coordinator.ts";
import type {
  BatchValidationResult,
  ValidationResult,
  VerificationResult,
} from "./validation-result.ts";

/**
 * Makes a coordinator for items of one schema: a zod schema, or anything else
 * that implements Standard Schema.
 *
 * @throws {AtlasError} validation.invalid_rule when a code is not dotted or used twice
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createValidationCoordinator<Value, Context = undefined>(
  schema: StandardSchema<Value>,
  options: ValidationCoordinatorOptions<NoInfer<Value>, Context> = {},
): ValidationCoordinator<Value, Context> {
  return new Coordinator(schema, resolveOptions<Value, Context>(options));
}

class Coordinator<Value, Context> implements ValidationCoordinator<Value, Context> {
  readonly #schema: StandardSchema<Value>;
  readonly #options: ResolvedOptions<Value, Context>;

  constructor(schema: StandardSchema<Value>, options: ResolvedOptions<Value, Context>) {
    this.#schema = schema;
    this.#options = options;
  }

  async validate(
    input: unknown,
    ...options: ValidateArguments<Value, Context>
  ): Promise<ValidationResult<Value>> {
    const { ok, results, stateIssues, truncated } = await this.validateMany([input], ...options);
    const issues = [...results.flatMap((result) => result.issues), ...stateIssues];
    const [result] = results;
    return ok && result?.ok === true
      ? { ok, value: result.value, issues, truncated }
      : { ok: false, issues, truncated };
  }

  async validateMany(
    inputs: readonly unknown[],
    ...[options = {}]: ValidateArguments<Value, Context>
  ): Promise<BatchValidationResult<Value>> {
    checkOptions("validate", options, { context: "any", changedFields: "any" });
    this.#refuseTooMany(inputs.length);
    // ValidateArguments lets the context be left out only where it may be undefined.
    const context = options.context as Context;
    const { rules, checks, issuesMax } = this.#options;
    const collector = new IssueCollector(issuesMax);

    const candidates = await createCandidates(this.#schema, inputs, collector);
    for (const rule of rulesFor(rules, options.changedFields)) {
      await runRule(rule, candidates, { context, collector });
    }
    const worthwhile = candidates.some(({ failed }) => !failed);
    const state = await runChecks(
      worthwhile ? checks.filter(({ onDemandOnly }) => onDemandOnly !== true) : [],
      context,
      collector,
    );

    this.#report(candidates, collector);
    return {
      ok: !state.failed && candidates.every(({ failed }) => !failed),
      results: candidates.map(resultOf),
      stateIssues: state.issues,
      truncated: collector.truncated,
    };
  }

  async verify(context: Context): Promise<VerificationResult> {
    const { checks, issuesMax } = this.#options;
    const state = await runChecks(checks, context, new IssueCollector(issuesMax));
    return { ok: !state.failed, findings: state.issues, truncated: state.truncated };
  }

  #refuseTooMany(count: number): void {
    const { itemsMax } = this.#options;
    if (count <= itemsMax) return;
    throw validationError(
      "validation.too_many_items",
      `${count} items were given to one validation, but at most ${itemsMax} are accepted.`,
      { details: { count, itemsMax } },
    );
  }

  #report(candidates: readonly Candidate<Value>[], collector: IssueCollector): void {
    try {
      this.#options.onEvent({
        type: "validation.completed",
        items: candidates.length,
        rejected: candidates.filter(({ failed }) => failed).length,
        errors: collector.found.error,
        warnings: collector.found.warning,
        truncated: collector.truncated,
      });
    } catch {
      // Watching must not change the outcome.
    }
  }
}
