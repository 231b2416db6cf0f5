import { setImmediate as turn } from "node:timers/promises";
import { checkOptions } from "@atlas/errors";
import { batchesOf } from "./batches-of.ts";
import { validationError } from "./errors.ts";
import { IssueCollector } from "./issue-collector.ts";
import type { RepairChoice, RepairPlan } from "./repair-plan.ts";
import { type CheckedState, runChecks } from "./run-checks.ts";
import { carryOut, chosenSteps } from "./run-repair.ts";
import type { SchemaFunction } from "./run-schema.ts";
import type { RuntimeCheck } from "./runtime-check.ts";
import type { StandardSchema } from "./standard-schema.ts";
import {
  resolveOptions,
  type ResolvedOptions,
  validationCoordinatorDefaults,
  type ValidationCoordinatorOptions,
} from "./validation-coordinator-options.ts";
import type {
  StreamArguments,
  StreamOptions,
  ValidateArguments,
  ValidateOptions,
  ValidationCoordinator,
} from "./validation-coordinator.ts";
import type {
  BatchValidationResult,
  RepairResult,
  ValidatedBatch,
  ValidationResult,
  VerificationResult,
} from "./validation-result.ts";
import { type Changed, ValidationRun } from "./validation-run.ts";

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

/** One batch of a call. */
interface Part<Value, Context> {
  readonly inputs: readonly unknown[];
  readonly context: Context;
  readonly changed: Changed<Value> | undefined;
  readonly collector: IssueCollector;
  /** Whether the state has been checked already. */
  readonly checked: boolean;
}

/** What all items of a call, or of a stream, came to. */
interface Tally {
  items: number;
  rejected: number;
}

class Coordinator<Value, Context> implements ValidationCoordinator<Value, Context> {
  readonly #schema: SchemaFunction<Value>;
  readonly #options: ResolvedOptions<Value, Context>;
  /** Checks that are not on demand only. */
  readonly #regularChecks: readonly RuntimeCheck<Context>[];

  constructor(schema: StandardSchema<Value>, options: ResolvedOptions<Value, Context>) {
    const standard = schema["~standard"];
    // Taken out once: libraries put it together when it is first asked for.
    this.#schema = standard.validate.bind(standard);
    this.#options = options;
    this.#regularChecks = options.checks.filter(({ onDemandOnly }) => onDemandOnly !== true);
  }

  async validate(
    input: unknown,
    ...options: ValidateArguments<Value, Context>
  ): Promise<ValidationResult<Value>> {
    const { ok, results, stateIssues, truncated } = await this.#validateAll([input], options[0]);
    const result = results[0]!;
    const issues = stateIssues.length === 0 ? result.issues : [...result.issues, ...stateIssues];
    return ok && result.ok
      ? { ok, value: result.value, issues, truncated }
      : { ok: false, issues, truncated };
  }

  async validateMany(
    inputs: readonly unknown[],
    ...options: ValidateArguments<Value, Context>
  ): Promise<BatchValidationResult<Value>> {
    this.#refuseTooMany(inputs.length);
    return this.#validateAll(inputs, options[0]);
  }

  async #validateAll(
    inputs: readonly unknown[],
    options: Partial<ValidateOptions<Value, Context>> = {},
  ): Promise<BatchValidationResult<Value>> {
    checkOptions<Partial<ValidateOptions<Value, Context>>>("validate", options, ofCall);
    const collector = new IssueCollector(this.#options.issuesMax);
    const { result, rejected } = await this.#run({
      inputs,
      // ValidateArguments lets the context be left out only where it may be undefined.
      context: options.context as Context,
      changed: options.changedFields,
      collector,
      checked: false,
    });
    this.#report({ items: inputs.length, rejected }, collector);
    return result;
  }

  async *validateStream(
    inputs: Iterable<unknown> | AsyncIterable<unknown>,
    ...[options = {}]: StreamArguments<Value, Context>
  ): AsyncGenerator<ValidatedBatch<Value>, void, undefined> {
    const { itemsMax, issuesMax } = this.#options;
    checkOptions<Partial<StreamOptions<Value, Context>>>("validateStream", options, {
      ...ofCall,
      batchSize: { min: 1, max: itemsMax },
    });
    const { batchSize = Math.min(validationCoordinatorDefaults.batchSize, itemsMax) } = options;
    const collector = new IssueCollector(issuesMax);
    const tally: Tally = { items: 0, rejected: 0 };
    let checked = false;
    let failed = false;
    try {
      for await (const batch of batchesOf(inputs, batchSize)) {
        const from = tally.items;
        const part = await this.#run({
          inputs: batch,
          context: options.context as Context,
          changed: shifted<Value>(options.changedFields, from),
          collector,
          checked,
        });
        checked = part.checked;
        tally.items += batch.length;
        tally.rejected += part.rejected;
        yield { from, ...part.result };
        // Inputs that are all there would keep everybody else from the thread until the end.
        await turn();
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      // Whoever stops drawing has ended the validation, an error has not.
      if (!failed) this.#report(tally, collector);
    }
  }

  async verify(context: Context): Promise<VerificationResult> {
    const { checks, issuesMax } = this.#options;
    return verified(await runChecks(checks, context, new IssueCollector(issuesMax)));
  }

  async repair(plan: RepairPlan, context: Context, choice: RepairChoice): Promise<RepairResult> {
    const steps = await carryOut(this.#options.checks, chosenSteps(plan, choice), context);
    return {
      ok: steps.every(({ outcome }) => outcome !== "ineffective"),
      steps,
      after: await this.verify(context),
    };
  }

  async #run({ inputs, context, changed, collector, checked }: Part<Value, Context>): Promise<{
    readonly result: BatchValidationResult<Value>;
    readonly rejected: number;
    readonly checked: boolean;
  }> {
    const { rules } = this.#options;
    const started = ValidationRun.start(this.#schema, inputs, collector);
    const run = started instanceof Promise ? await started : started;
    if (rules.length > 0) await run.check(rules, context, changed);
    const { rejected } = run;
    const due = !checked && rejected < inputs.length && this.#regularChecks.length > 0;
    const state = due ? await runChecks(this.#regularChecks, context, collector) : undefined;
    return {
      result: {
        ok: rejected === 0 && state?.failed !== true,
        results: run.results(),
        stateIssues: state?.issues ?? [],
        truncated: collector.truncated,
      },
      rejected,
      checked: checked || due,
    };
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

  #report({ items, rejected }: Tally, { found, truncated }: IssueCollector): void {
    const { onEvent } = this.#options;
    try {
      const { error: errors, warning: warnings } = found;
      onEvent({ type: "validation.completed", items, rejected, errors, warnings, truncated });
    } catch {
      // Watching must not change the outcome.
    }
  }
}

const ofCall = { context: "any", changedFields: "any" } as const;

function verified({ failed, issues, truncated, reports, steps }: CheckedState): VerificationResult {
  return {
    ok: !failed,
    findings: issues,
    truncated,
    checks: reports,
    plan: { steps, truncated },
  };
}

/** The same answers for a part of a stream that begins at `from`. */
function shifted<Value>(changed: Changed<Value> | undefined, from: number): typeof changed {
  return typeof changed === "function" ? (item, index) => changed(item, from + index) : changed;
}
