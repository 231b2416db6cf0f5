// The coordinator.
export { createBatchCoordinator } from "./create-batch-coordinator.ts";
export { type BatchCoordinator } from "./batch-coordinator.ts";
export { type BatchCoordinatorOptions } from "./batch-coordinator-options.ts";
export { type BatchInput } from "./batches-of.ts";
export { type BatchItemContext, type BatchOperation } from "./batch-operation.ts";
export { batchDefaults, type BatchOptions, type ProcessorOptions } from "./batch-options.ts";
export { retryDefaults, type RetryOptions } from "./retry-policy.ts";
export { type Sleep } from "./pause.ts";

// Processors.
export { createMemoryBatchProcessor, type MemoryBatchPorts } from "./memory-batch-processor.ts";
export {
  createTransactionalBatchProcessor,
  type BatchChange,
  type TransactionalBatchPorts,
} from "./transactional-batch-processor.ts";
export {
  type Batch,
  type BatchEntry,
  type BatchJudgement,
  type BatchMode,
  type BatchOutcome,
  type BatchProcessor,
  type BatchValidate,
  type ItemOutcome,
} from "./batch-processor.ts";

// What it answers.
export {
  type BatchCounts,
  type BatchErrorSummary,
  type BatchResult,
  type ItemReport,
  type ItemStatus,
  type StopReason,
} from "./batch-result.ts";
export { requireAllSucceeded } from "./require-all-succeeded.ts";
export { type BatchEvent, type BatchProgress, type BatchStrategy } from "./batch-event.ts";

// Errors.
export { batchErrorCodes, type BatchErrorCode } from "./errors.ts";
