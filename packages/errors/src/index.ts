// The error type and its classification.
export {
  AtlasError,
  type AtlasErrorOptions,
  type ErrorClassification,
  type ErrorSeverity,
  type RetryScope,
  type SerializedError,
  type TransactionState,
} from "./atlas-error.ts";
export { errorCategories, type ErrorCategory, type ErrorCode } from "./error-category.ts";
export { createErrorFactory, type ErrorCodeTable, type ErrorFactory } from "./error-code-table.ts";

// What is known about any thrown value.
export { analyze } from "./analyze.ts";
export { type ErrorDiagnostics, type ErrorSource } from "./error-diagnostics.ts";
export { commonErrorCodes, type CommonErrorCode } from "./errors.ts";

// What every package needs to keep its promises about options and log lines.
export {
  checkOptions,
  type OptionRange,
  type OptionRule,
  type OptionRules,
} from "./check-options.ts";
export { jsonSafeDefaults, toJsonSafe, type JsonSafeOptions, type JsonValue } from "./json-safe.ts";
