import { randomUUID } from "node:crypto";
import { checkOptions } from "@atlas/errors";
import { type Connection, createMissingTables, type Dialect } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import type { Recoverable, RecoveryFinding } from "@atlas/transaction/recovery";
import type { BatchCheckpoint, CheckpointRun } from "../batch-checkpoint.ts";
import { batchError } from "../errors.ts";
import type { BatchJobStore, DurableJob, JobFilter } from "./batch-job-store.ts";
import {
  batchJobIndexes,
  type BatchJobRow,
  batchJobTable,
  createJob,
  endJob,
  findJob,
  listJobs,
  pruneJobs,
  removeJob,
  takeJob,
} from "./batch-job-table.ts";
import { DurableRun } from "./durable-run.ts";
import { IndexRanges } from "./index-ranges.ts";

/** How a store of jobs works. */
export interface BatchJobStoreOptions {
  /** Of the store of the transactions. */
  readonly dialect: Dialect;
  /** Time after which a job of a process that ended may be taken, in ms, 100 to 86,400,000. Default: 30,000. */
  readonly leaseMs?: number;
  /**
   * The name of this process. One that comes back under its old name need not wait for
   * what it held before, so two that run at the same time must not share one. Default: a
   * new id.
   */
  readonly holder?: string;
  /** Makes ids that nobody else makes. Default: `crypto.randomUUID`. */
  readonly newId?: () => string;
  /** Milliseconds since the epoch, about the same in all processes. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What a store of jobs needs of a transaction manager. */
export type JobTransactions = Pick<
  TransactionManager,
  "atomic" | "connection" | "runWithoutTransaction"
>;

const idLengthMax = 200;
const listMax = 10_000;
const notesMax = 100;

/**
 * Makes a store of durable jobs over the database that their items are written to.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createBatchJobStore(
  transactions: JobTransactions,
  options: BatchJobStoreOptions,
): BatchJobStore {
  checkOptions<BatchJobStoreOptions>("createBatchJobStore", options, {
    dialect: "any",
    leaseMs: { min: 100, max: 86_400_000 },
    holder: "any",
    newId: "any",
    clock: "any",
  });
  const { dialect, leaseMs = 30_000, newId = randomUUID, clock = Date.now } = options;
  const { holder = newId() } = options;
  return new JobStore(transactions, { dialect, leaseMs, holder, clock });
}

type StoreSettings = Required<Omit<BatchJobStoreOptions, "newId">>;

class JobStore implements BatchJobStore {
  readonly recoverable: Recoverable = { name: "batch jobs", recover: () => this.#recover() };
  readonly #transactions: JobTransactions;
  readonly #options: StoreSettings;
  /** Jobs that this process works on: its own name must not let it take them twice. */
  readonly #active = new Set<string>();

  constructor(transactions: JobTransactions, options: StoreSettings) {
    this.#transactions = transactions;
    this.#options = options;
  }

  checkpoint(id: string): BatchCheckpoint<Connection> {
    const range = { min: 1, max: idLengthMax };
    checkOptions("checkpoint", { idLength: id.length }, { idLength: range });
    return { begin: () => this.#begin(id) };
  }

  async list(filter: JobFilter = {}): Promise<readonly DurableJob[]> {
    checkOptions<JobFilter>("list", filter, {
      state: ["running", "stopped", "completed"],
      limit: { min: 1, max: listMax },
    });
    const { state = "", limit = 100 } = filter;
    if (!(await this.#exists(this.#transactions.connection))) return [];
    return (await this.#transactions.connection.all(listJobs, { state, limit })).map(jobOf);
  }

  remove(id: string): Promise<void> {
    return this.#transactions.atomic(async (transaction) => {
      if (!(await this.#exists(transaction))) return;
      const { changes } = await transaction.run(removeJob, { id, now: this.#options.clock() });
      if (changes > 0) return;
      const holding = await transaction.get(findJob, { id });
      if (holding !== undefined) throw jobTaken(id, holding.expires_at - this.#options.clock());
    });
  }

  async prune(before: Date): Promise<number> {
    const { connection } = this.#transactions;
    if (!(await this.#exists(connection))) return 0;
    return (await connection.run(pruneJobs, { before: before.getTime() })).changes;
  }

  async #begin(id: string): Promise<CheckpointRun<Connection>> {
    const { holder, leaseMs, clock } = this.#options;
    if (this.#active.has(id)) throw jobTaken(id);
    this.#active.add(id);
    try {
      const row = await this.#transactions.atomic(async (transaction) => {
        const now = clock();
        await createMissingTables(transaction, this.#options.dialect, {
          tables: [batchJobTable],
          indexes: batchJobIndexes,
        });
        await transaction.run(createJob, { id, now });
        const taken = await transaction.get(takeJob, { id, holder, now, expiresAt: now + leaseMs });
        if (taken !== undefined) return taken;
        throw jobTaken(id, ((await transaction.get(findJob, { id }))?.expires_at ?? now) - now);
      });
      const onEnd = (): void => void this.#active.delete(id);
      return new DurableRun(row, { transactions: this.#transactions, leaseMs, clock, onEnd });
    } catch (error) {
      this.#active.delete(id);
      throw error;
    }
  }

  /** Asked each time: a transaction around the first job may have taken the table back. */
  async #exists(connection: Connection): Promise<boolean> {
    const { dialect } = this.#options;
    return (await connection.get(dialect.tableExists(batchJobTable.name))) !== undefined;
  }

  async #recover(): Promise<RecoveryFinding> {
    const { holder, clock } = this.#options;
    // Most stores have never had a job, and whoever starts need not wait for the writer then.
    const known = await this.#exists(this.#transactions.connection);
    if (!known) return { rolledForward: 0, rolledBack: 0, resumed: 0, notes: [] };
    const left = await this.#transactions.atomic(async (transaction) => {
      const now = clock();
      const running = await transaction.all(listJobs, { state: "running", limit: listMax });
      const ended = running.filter(
        (job) => !this.#active.has(job.id) && (job.expires_at <= now || job.holder === holder),
      );
      for (const { id, token } of ended) {
        await transaction.run(endJob, { id, token, state: "stopped", now });
      }
      return ended;
    });
    const notes = left
      .slice(0, notesMax)
      .map(jobOf)
      .map(
        ({ id, settledTo }) =>
          `The batch job "${id}" was left at item ${settledTo}; process its input again under its id.`,
      );
    return { rolledForward: 0, rolledBack: 0, resumed: 0, notes };
  }
}

function jobOf(row: BatchJobRow): DurableJob {
  const { id, state, succeeded, failed, skipped, holder } = row;
  return {
    id,
    // Only the three states are ever written.
    state: state as DurableJob["state"],
    succeeded,
    failed,
    skipped,
    settledTo: IndexRanges.parse(row.done).prefix,
    holder,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** `leftMs` is what is left of the lease, where another process may hold it. */
function jobTaken(id: string, leftMs?: number): Error {
  const until =
    leftMs === undefined
      ? ""
      : ` If its process has ended, the job is free in ${Math.ceil(leftMs / 1_000)} s.`;
  return batchError("batch.job_taken", `Another run works on the batch job "${id}".${until}`, {
    details: { id },
  });
}
