// Jobs that go on after a crash: checkpoints written with the items they cover.
export {
  createBatchJobStore,
  type BatchJobStoreOptions,
  type JobTransactions,
} from "./create-batch-job-store.ts";
export {
  type BatchJobStore,
  type DurableJob,
  type DurableJobState,
  type JobFilter,
} from "./batch-job-store.ts";
