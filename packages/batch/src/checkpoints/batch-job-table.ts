import { defineTable, type IndexDefinition, sqlQuery, type Table } from "@atlas/storage";

const columns = {
  id: { type: "text" },
  /** running, stopped or completed. */
  state: { type: "text" },
  /** The positions that are settled: see IndexRanges. */
  done: { type: "text" },
  succeeded: { type: "integer" },
  failed: { type: "integer" },
  skipped: { type: "integer" },
  /** JSON; see KeptFailure. */
  failures: { type: "text" },
  /** A position below which everything is settled, and the fingerprint of the keys before it. */
  verified_to: { type: "integer" },
  verified_hash: { type: "text" },
  /** Grows with every process that takes the job: who has an older one writes no more. */
  token: { type: "integer" },
  holder: { type: "text" },
  expires_at: { type: "integer" },
  created_at: { type: "integer" },
  updated_at: { type: "integer" },
} as const;

/** @internal */
export const batchJobTable: Table<typeof columns> = defineTable("atlas_batch_job", {
  columns,
  primaryKey: ["id"],
});

/** @internal */
export const batchJobIndexes: readonly IndexDefinition[] = [
  { name: "atlas_batch_job_state", table: batchJobTable.name, on: ["state", "updated_at"] },
];

/** A job as it is stored. */
export interface BatchJobRow {
  readonly id: string;
  readonly state: string;
  readonly done: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: string;
  readonly verified_to: number;
  readonly verified_hash: string;
  readonly token: number;
  readonly holder: string;
  readonly expires_at: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What is written with every batch. */
export type BatchJobProgress = Omit<BatchJobRow, "state" | "holder" | "created_at">;

const all = Object.keys(columns).join(", ");

/** @internal */
export const createJob: ReturnType<typeof sqlQuery<never, { id: string; now: number }>> = sqlQuery(
  `INSERT INTO atlas_batch_job (${all})
   VALUES (:id, 'stopped', '', 0, 0, 0, '[]', 0, '', 0, '', 0, :now, :now)
   ON CONFLICT (id) DO NOTHING`,
);

/** Takes a job that nobody works on, that its holder left, or that is of this holder. @internal */
export const takeJob: ReturnType<
  typeof sqlQuery<BatchJobRow, { id: string; holder: string; now: number; expiresAt: number }>
> = sqlQuery(
  `UPDATE atlas_batch_job
   SET token = token + 1, holder = :holder, expires_at = :expiresAt, updated_at = :now,
       state = CASE state WHEN 'completed' THEN 'completed' ELSE 'running' END
   WHERE id = :id AND (state <> 'running' OR expires_at <= :now OR holder = :holder)
   RETURNING ${all}`,
);

/**
 * Reads a job for writing. It is an update so that on every database the row is
 * locked before it is read, and an older token finds nothing.
 *
 * @internal
 */
export const lockJob: ReturnType<
  typeof sqlQuery<BatchJobRow, { id: string; token: number; expiresAt: number }>
> = sqlQuery(
  `UPDATE atlas_batch_job SET expires_at = :expiresAt WHERE id = :id AND token = :token
   RETURNING ${all}`,
);

/** @internal */
export const saveProgress: ReturnType<typeof sqlQuery<never, BatchJobProgress>> = sqlQuery(
  `UPDATE atlas_batch_job
   SET done = :done, succeeded = :succeeded, failed = :failed, skipped = :skipped,
       failures = :failures, verified_to = :verified_to, verified_hash = :verified_hash,
       expires_at = :expires_at, updated_at = :updated_at
   WHERE id = :id AND token = :token`,
);

/** @internal */
export const endJob: ReturnType<
  typeof sqlQuery<never, { id: string; token: number; state: string; now: number }>
> = sqlQuery(
  `UPDATE atlas_batch_job SET state = :state, expires_at = 0, updated_at = :now
   WHERE id = :id AND token = :token`,
);

/** @internal */
export const listJobs: ReturnType<typeof sqlQuery<BatchJobRow, { state: string; limit: number }>> =
  sqlQuery(
    `SELECT ${all} FROM atlas_batch_job
   WHERE (:state = '' OR state = :state) ORDER BY updated_at DESC, id LIMIT :limit`,
  );

/** @internal */
export const findJob: ReturnType<typeof sqlQuery<Pick<BatchJobRow, "expires_at">, { id: string }>> =
  sqlQuery(`SELECT expires_at FROM atlas_batch_job WHERE id = :id`);

/** @internal */
export const removeJob: ReturnType<typeof sqlQuery<never, { id: string; now: number }>> = sqlQuery(
  `DELETE FROM atlas_batch_job WHERE id = :id AND (state <> 'running' OR expires_at <= :now)`,
);

/** @internal */
export const pruneJobs: ReturnType<typeof sqlQuery<never, { before: number }>> = sqlQuery(
  `DELETE FROM atlas_batch_job WHERE state = 'completed' AND updated_at < :before`,
);
