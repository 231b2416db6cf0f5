import type { Connection } from "@atlas/storage";
import type { Recoverable } from "@atlas/transaction/recovery";
import type { BatchCheckpoint } from "../batch-checkpoint.ts";

/** Whether a durable job is worked on, was left unfinished, or has been done. */
export type DurableJobState = "running" | "stopped" | "completed";

/** A durable job as the store knows it. */
export interface DurableJob {
  readonly id: string;
  readonly state: DurableJobState;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  /** Every item before this position is settled. */
  readonly settledTo: number;
  /** The process that works on it, or did last. */
  readonly holder: string;
  /** When its lease runs out, in milliseconds since the epoch; 0 when nobody has it. */
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Which jobs are listed. */
export interface JobFilter {
  /** Default: any. */
  readonly state?: DurableJobState;
  /** Default: 100; maximum 10,000. */
  readonly limit?: number;
}

/** The durable jobs of a store. Their table is made with the first of them. */
export interface BatchJobStore {
  /**
   * The checkpoint of a job, to be given to `process` together with the items: the same
   * ones in the same order each time. A job of which nothing is known begins; another
   * goes on where it stopped, also after a crash; one that is completed processes
   * only what its input has got since, and answers with the counts of all.
   *
   * @param id 1 to 200 characters
   */
  checkpoint(id: string): BatchCheckpoint<Connection>;
  /** Jobs, the one changed last first. */
  list(filter?: JobFilter): Promise<readonly DurableJob[]>;
  /**
   * Forgets a job. Harmless when there is none.
   *
   * @throws {AtlasError} batch.job_taken while a process works on it
   */
  remove(id: string): Promise<void>;
  /** Forgets completed jobs that were last changed before a moment; answers how many. */
  prune(before: Date): Promise<number>;
  /**
   * For `recover` at the start of a process: names jobs that an ended process has left, and
   * frees those whose lease has run out or was of this holder. Whoever has their input
   * processes it again under their id.
   */
  readonly recoverable: Recoverable;
}
