import { checkOptions, type OptionRules } from "@atlas/errors";
import type { BusinessRule } from "./business-rule.ts";
import { validationError } from "./errors.ts";
import type { RuntimeCheck } from "./runtime-check.ts";
import type { ValidationEvent } from "./validation-event.ts";

/** How a coordinator validates. */
export interface ValidationCoordinatorOptions<Value, Context> {
  /** Rules over single items, run in this order. Default: none. */
  readonly rules?: readonly BusinessRule<Value, Context>[];
  /** Checks of the stored state, run in this order. Default: none. */
  readonly checks?: readonly RuntimeCheck<Context>[];
  /** Issues kept per call, for all items together. Default: 1,000; maximum 100,000. */
  readonly issuesMax?: number;
  /** Items accepted per call. Default: 10,000; maximum 1,000,000. */
  readonly itemsMax?: number;
  /** Told of every validation that has ended; what it throws is ignored. Default: none. */
  readonly onEvent?: (event: ValidationEvent) => void;
}

/** The numbers a coordinator uses when none are given. */
export const validationCoordinatorDefaults: {
  readonly issuesMax: 1_000;
  readonly itemsMax: 10_000;
  readonly batchSize: 1_000;
} = Object.freeze({ issuesMax: 1_000, itemsMax: 10_000, batchSize: 1_000 });

/** The options with nothing left out. */
export type ResolvedOptions<Value, Context> = Required<
  ValidationCoordinatorOptions<Value, Context>
>;

const known: OptionRules<ValidationCoordinatorOptions<unknown, unknown>> = {
  rules: "any",
  checks: "any",
  issuesMax: { min: 1, max: 100_000 },
  itemsMax: { min: 1, max: 1_000_000 },
  onEvent: "any",
};

/** Copies the options and refuses what is misspelt, out of range or declared twice. */
export function resolveOptions<Value, Context>(
  options: ValidationCoordinatorOptions<Value, Context>,
): ResolvedOptions<Value, Context> {
  checkOptions<ValidationCoordinatorOptions<never, never>>(
    "createValidationCoordinator",
    options,
    known,
  );
  const rules = [...(options.rules ?? [])];
  const checks = [...(options.checks ?? [])];
  refuseBadCodes([...rules, ...checks].map(({ code }) => code));
  return {
    rules,
    checks,
    issuesMax: options.issuesMax ?? validationCoordinatorDefaults.issuesMax,
    itemsMax: options.itemsMax ?? validationCoordinatorDefaults.itemsMax,
    onEvent: options.onEvent ?? (() => {}),
  };
}

const dotted = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+$/;

function refuseBadCodes(codes: readonly string[]): void {
  for (const [at, code] of codes.entries()) {
    const reason = !dotted.test(code)
      ? "is not of the form group.reason in lower case"
      : code.startsWith("schema.")
        ? "begins with schema, which stands for the schema's own issues"
        : codes.indexOf(code) !== at
          ? "is used twice"
          : undefined;
    if (reason === undefined) continue;
    throw validationError("validation.invalid_rule", `The rule code "${code}" ${reason}.`, {
      details: { code },
    });
  }
}
