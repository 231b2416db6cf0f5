// Declaring sagas.
export { defineSaga, nestSaga, type SagaDefinition, sagaStepsMax } from "./define-saga.ts";
export type {
  FlatStep,
  NestedSaga,
  OutsideContext,
  Saga,
  SagaRetry,
  SagaScope,
  SagaStep,
  StepAnswer,
  StepContext,
  WriteContext,
} from "./saga.ts";

// Running them.
export { createSagaRunner, type SagaTransactions } from "./create-saga-runner.ts";
export { sagaDefaults, type SagaRunnerOptions } from "./saga-options.ts";
export type {
  SagaFilter,
  SagaRecovery,
  SagaResolution,
  SagaRunner,
  SagaStart,
} from "./saga-runner.ts";
export type {
  SagaFailure,
  SagaHistoryEntry,
  SagaHistoryPage,
  SagaReport,
  SagaStatus,
} from "./saga-report.ts";
