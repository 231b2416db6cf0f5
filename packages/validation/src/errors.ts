import { createErrorFactory, type ErrorFactory } from "@atlas/errors";

/** The codes this package throws. */
export const validationErrorCodes = {
  /** Input has errors; `details.issues` names them. */
  "validation.failed": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Correct the fields named in the issues and call again.",
  },
  /** More items were given at once than `itemsMax` allows. */
  "validation.too_many_items": {
    severity: "low",
    recoverable: true,
    retryable: false,
    hint: "Split the items into smaller parts.",
  },
  /** A rule or check is declared wrongly: a code that is not dotted or not unique. */
  "validation.invalid_rule": {
    severity: "high",
    recoverable: false,
    retryable: false,
    hint: "Give each rule and check a dotted code of its own.",
  },
  /** The choice does not fit the repair plan, or the plan does not fit the checks. */
  "validation.invalid_repair": {
    severity: "medium",
    recoverable: true,
    retryable: false,
    hint: "Call verify again and choose among the steps of the plan it answers with.",
  },
} as const;

/** The codes of {@link validationErrorCodes}. */
export type ValidationErrorCode = keyof typeof validationErrorCodes;

/** Makes an error of this package. */
export const validationError: ErrorFactory<ValidationErrorCode> =
  createErrorFactory(validationErrorCodes);
