// The coordinator.
export { createValidationCoordinator } from "./create-validation-coordinator.ts";
export {
  validationCoordinatorDefaults,
  type ValidationCoordinatorOptions,
} from "./validation-coordinator-options.ts";
export {
  type ValidateArguments,
  type ValidateOptions,
  type ValidationCoordinator,
} from "./validation-coordinator.ts";

// What it runs.
export {
  type StandardSchema,
  type StandardSchemaIssue,
  type StandardSchemaResult,
} from "./standard-schema.ts";
export {
  defineRule,
  type BusinessRule,
  type RuleDeclaration,
  type RuleDefinition,
  type RuleFields,
  type RuleVerdict,
} from "./business-rule.ts";
export { type RuntimeCheck } from "./runtime-check.ts";

// What it answers.
export {
  type IssueSeverity,
  type ValidationFinding,
  type ValidationIssue,
  type ValidationStage,
} from "./validation-issue.ts";
export {
  type BatchValidationResult,
  type InvalidItem,
  type ValidationResult,
  type ValidItem,
  type VerificationResult,
} from "./validation-result.ts";
export { requireAllValid, requireValid } from "./require-valid.ts";
export { type ValidationEvent } from "./validation-event.ts";

// Errors.
export { validationErrorCodes, type ValidationErrorCode } from "./errors.ts";
