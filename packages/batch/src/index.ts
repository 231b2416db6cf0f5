// The coordinator.
export { createBatchCoordinator } from "./create-batch-coordinator.ts";
export { type BatchCoordinator, type PlainOptions } from "./batch-coordinator.ts";
export { type BatchJob, type BatchJobState, type BatchSettings } from "./batch-job.ts";
export { type BatchCoordinatorOptions } from "./batch-coordinator-options.ts";
export { type BatchInput } from "./batch-source.ts";
export {
  type BatchItemContext,
  type BatchItemPlace,
  type BatchOperation,
  type BatchSetContext,
  type BatchSetOperation,
  type BatchWorkload,
} from "./batch-operation.ts";
export { itemFailure } from "./item-failure.ts";
export { batchDefaults, type BatchOptions, type ProcessorOptions } from "./batch-options.ts";
export { retryDefaults, type RetryOptions } from "./retry-policy.ts";
export { type Sleep } from "./pause.ts";

// The adaptive strategy.
export {
  adaptiveDefaults,
  type AdaptiveBounds,
  type AdaptiveOptions,
} from "./adaptive/adaptive-options.ts";
export {
  type AdaptiveReason,
  type AdaptiveSignals,
  type BatchSetting,
} from "./adaptive/adaptive-decision.ts";
export { type BatchHistory, createBatchHistory } from "./adaptive/batch-history.ts";
export { createSystemReadings, type SystemReadings } from "./adaptive/system-readings.ts";

// Processors.
export { createMemoryBatchProcessor, type MemoryBatchPorts } from "./memory-batch-processor.ts";
export { createStorageBatchProcessor, type StorageBatchPorts } from "./storage-batch-processor.ts";
export { createIndexBatchProcessor, type IndexBatchPorts } from "./index-batch-processor.ts";
export {
  createTransactionalBatchProcessor,
  type BatchAtomic,
  type BatchChange,
  type SavepointPolicy,
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
export { type FailedItem, type RetryItems } from "./retry-items.ts";
export {
  type BatchEvent,
  type BatchEventSource,
  type BatchMetrics,
  type BatchProgress,
  type BatchStrategy,
} from "./batch-event.ts";

// What makes a job durable; see ./checkpoints.
export { type BatchCheckpoint, type CheckpointRun, type SettledItem } from "./batch-checkpoint.ts";

// Errors.
export { batchErrorCodes, type BatchErrorCode } from "./errors.ts";
