// The coordinator.
export { createValidationCoordinator } from "./create-validation-coordinator.ts";
export {
  validationCoordinatorDefaults,
  type ValidationCoordinatorOptions,
} from "./validation-coordinator-options.ts";
export {
  type ChangedFields,
  type StreamArguments,
  type StreamOptions,
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
  type PreparedRule,
  type RuleDeclaration,
  type RuleDefinition,
  type RuleFields,
  type RuleVerdict,
} from "./business-rule.ts";
export { type FieldPath } from "./field-path.ts";
export { changedFieldsOf } from "./changed-fields.ts";
export { type CheckFinding, type CheckFindings, type RuntimeCheck } from "./runtime-check.ts";

// What it answers.
export {
  type IssueSeverity,
  type ValidationFinding,
  type ValidationIssue,
  type ValidationStage,
} from "./validation-issue.ts";
export {
  type BatchValidationResult,
  type CheckReport,
  type InvalidItem,
  type RepairedStep,
  type RepairResult,
  type ValidatedBatch,
  type ValidationResult,
  type ValidItem,
  type VerificationResult,
} from "./validation-result.ts";
export { requireAllValid, requireValid } from "./require-valid.ts";
export { type ValidationEvent } from "./validation-event.ts";
export {
  type RepairChoice,
  type RepairData,
  type RepairOutcome,
  type RepairPlan,
  type RepairProposal,
  type RepairSafety,
  type RepairStep,
} from "./repair-plan.ts";

// Rules over the result of an operation.
export { checkOperationResult, resolveOperationRules } from "./check-operation-result.ts";
export {
  operationRulesMax,
  type OperationFinding,
  type OperationPhase,
  type OperationRule,
  type OperationRules,
  type OperationSubject,
  type OperationVerdict,
} from "./operation-rules.ts";

// Errors.
export { validationErrorCodes, type ValidationErrorCode } from "./errors.ts";
