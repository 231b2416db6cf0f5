import type { AtlasError } from "@atlas/errors";
import { validationError } from "./errors.ts";
import type { ValidationIssue } from "./validation-issue.ts";
import type { BatchValidationResult, ValidationResult } from "./validation-result.ts";

/** Issues named in the message; all kept ones are in the details. */
const issuesInMessage = 3;

/**
 * Gives the value of a valid item.
 *
 * @throws {AtlasError} validation.failed with `details.issues` when the item is not valid
 */
export function requireValid<Value>(result: ValidationResult<Value>): Value {
  if (result.ok) return result.value;
  throw failure(result.issues, result.truncated);
}

/**
 * Gives the values of many items that are all valid.
 *
 * Issues in the error carry the position of their item as the first part of
 * their path.
 *
 * @throws {AtlasError} validation.failed with `details.issues` when an item or the stored
 * state is not valid
 */
export function requireAllValid<Value>(batch: BatchValidationResult<Value>): Value[] {
  const values: Value[] = [];
  for (const result of batch.results) if (result.ok) values.push(result.value);
  if (batch.ok) return values;
  const issues = batch.results.flatMap((result, at) =>
    result.issues.map((issue) => ({ ...issue, path: [at, ...issue.path] })),
  );
  throw failure([...issues, ...batch.stateIssues], batch.truncated);
}

function failure(
  issues: readonly ValidationIssue[],
  truncated: boolean,
): AtlasError<"validation.failed"> {
  const errors = issues.filter(({ severity }) => severity === "error");
  const named = errors.slice(0, issuesInMessage).map(describe).join("; ");
  const more = errors.length > issuesInMessage || truncated ? "; and more" : "";
  return validationError("validation.failed", `The input is not valid: ${named}${more}.`, {
    details: { issues, truncated },
  });
}

function describe({ path, message }: ValidationIssue): string {
  const text = message.replace(/\.$/, "");
  return path.length === 0 ? text : `${path.join(".")}: ${text}`;
}
