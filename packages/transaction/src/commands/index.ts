// Operations with rules.
export { executeAtomicOperation, type AtomicOperationOptions } from "./execute-atomic-operation.ts";
export type {
  AtomicOperation,
  OperationOutcome,
  OperationRule,
  RuleFinding,
  RulePhase,
  RuleVerdict,
  ValidationRules,
} from "./atomic-operation.ts";
export type { IntegrityCheck } from "./validation-rules.ts";

// The failure log.
export {
  createOperationFailureLog,
  failureLogDefaults,
  type FailureFilter,
  type FailureLogOptions,
  type FailurePhase,
  type FailureReport,
  type OperationFailure,
  type OperationFailureLog,
} from "./failure-log.ts";

// Commands with an undo.
export { commandsMax, createCommandExecutor } from "./create-command-executor.ts";
export type {
  AtomicCommand,
  AtomicCommandExecutor,
  CommandValidation,
  ExecuteCommandsOptions,
  ExecutionResult,
} from "./atomic-command.ts";
