import type { Connection } from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import type { CheckpointRun, SettledItem } from "../batch-checkpoint.ts";
import type { BatchItemPlace } from "../batch-operation.ts";
import { batchError } from "../errors.ts";
import { type BatchJobRow, endJob, lockJob, saveProgress } from "./batch-job-table.ts";
import { IndexRanges } from "./index-ranges.ts";
import { InputFingerprint } from "./input-fingerprint.ts";
import { keepFailures, reportsOf } from "./kept-failures.ts";

/** Gaps between settled items that a checkpoint keeps. */
const rangesMax = 100_000;
/** Items between two fingerprints that are remembered until everything before is settled. */
const markEvery = 100;
const marksMax = 10_000;

/** What a run works with. */
export interface DurableRunParts {
  readonly transactions: Pick<TransactionManager, "atomic" | "runWithoutTransaction">;
  readonly leaseMs: number;
  readonly clock: () => number;
  /** Called when the job was given back. */
  readonly onEnd: () => void;
}

interface Mark {
  readonly index: number;
  readonly hash: string;
}

/** One run of a job over its row. @internal */
export class DurableRun implements CheckpointRun<Connection> {
  readonly counts: CheckpointRun<Connection>["counts"];
  readonly failures: CheckpointRun<Connection>["failures"];
  readonly #parts: DurableRunParts;
  readonly #row: BatchJobRow;
  /** What earlier runs have settled. */
  readonly #done: IndexRanges;
  readonly #fingerprint = new InputFingerprint();
  readonly #renewal: NodeJS.Timeout;
  #marks: Mark[] = [];
  #read = 0;
  #inputEnded = false;

  constructor(row: BatchJobRow, parts: DurableRunParts) {
    this.#row = row;
    this.#parts = parts;
    const { succeeded, failed, skipped } = row;
    this.counts = { succeeded, failed, skipped };
    this.#done = rangesOf(row);
    this.failures = reportsOf(row.failures);
    // Every batch renews the lease; this is for batches that take long.
    this.#renewal = setInterval(() => void this.#renew(), parts.leaseMs / 3);
    this.#renewal.unref();
  }

  admit({ index, key }: BatchItemPlace): boolean {
    this.#verifyAt(index);
    if (index % markEvery === 0 && this.#marks.length < marksMax) {
      this.#marks.push({ index, hash: this.#fingerprint.toString() });
    }
    this.#fingerprint.add(key ?? "");
    this.#read = index + 1;
    return !this.#done.has(index);
  }

  inputEnded(): void {
    this.#verifyAt(this.#read);
    if (this.#read < this.#row.verified_to) throw this.#inputDiffers();
    this.#inputEnded = true;
  }

  async record(items: readonly SettledItem[], transaction: Connection): Promise<void> {
    if (items.length === 0) return;
    const row = await this.#lock(transaction);
    const done = rangesOf(row);
    const counts = { succeeded: row.succeeded, failed: row.failed, skipped: row.skipped };
    for (const { place, outcome } of items) {
      if (done.add(place.index)) counts[outcome.status] += 1;
    }
    if (done.length > rangesMax) throw this.#full();
    await transaction.run(saveProgress, {
      id: row.id,
      token: row.token,
      done: done.toString(),
      ...counts,
      failures: keepFailures(row.failures, items),
      ...this.#verified(row, done.prefix),
      expires_at: row.expires_at,
      updated_at: this.#parts.clock(),
    });
  }

  async end(): Promise<void> {
    clearInterval(this.#renewal);
    const { transactions, clock, onEnd } = this.#parts;
    try {
      await transactions.atomic(async (transaction) => {
        const row = await this.#lock(transaction);
        const { length, prefix } = rangesOf(row);
        const whole = prefix === this.#read && length <= 1;
        const state = this.#inputEnded && whole ? "completed" : "stopped";
        await transaction.run(endJob, { id: row.id, token: row.token, state, now: clock() });
      });
    } catch {
      // What cannot be given back now is free when the lease has run out, and what was
      // settled is written already.
    } finally {
      onEnd();
    }
  }

  /** The furthest position for which there is a fingerprint and nothing open before. */
  #verified(
    { verified_to, verified_hash }: BatchJobRow,
    prefix: number,
  ): Pick<BatchJobRow, "verified_to" | "verified_hash"> {
    const at = this.#marks.findLastIndex(({ index }) => index <= prefix);
    const mark = this.#marks[at];
    if (mark === undefined || mark.index <= verified_to) return { verified_to, verified_hash };
    // The mark itself stays: this transaction may be undone, and a later one reach it again.
    this.#marks.splice(0, at);
    return { verified_to: mark.index, verified_hash: mark.hash };
  }

  #verifyAt(index: number): void {
    const { verified_to: to, verified_hash: hash } = this.#row;
    if (index === to && to > 0 && this.#fingerprint.toString() !== hash) throw this.#inputDiffers();
  }

  async #lock(transaction: Connection): Promise<BatchJobRow> {
    const { id, token } = this.#row;
    const expiresAt = this.#parts.clock() + this.#parts.leaseMs;
    const row = await transaction.get(lockJob, { id, token, expiresAt });
    if (row !== undefined) return row;
    throw batchError(
      "batch.job_lost",
      `The batch job "${id}" was taken over by another process, so this one stops.`,
      { details: { id } },
    );
  }

  async #renew(): Promise<void> {
    const { transactions } = this.#parts;
    try {
      await transactions.runWithoutTransaction(() =>
        transactions.atomic((transaction) => this.#lock(transaction)),
      );
    } catch {
      // A store that is busy is asked again; a job that is lost is noticed by the next batch.
    }
  }

  #inputDiffers(): Error {
    const { id, verified_to: items } = this.#row;
    return batchError(
      "batch.input_differs",
      `The first ${items} items are not those with which the batch job "${id}" was begun. ` +
        "Nothing was processed.",
      { details: { id, items } },
    );
  }

  #full(): Error {
    return batchError(
      "batch.checkpoint_full",
      `The checkpoint of the batch job "${this.#row.id}" has more than ${rangesMax} gaps.`,
      { details: { id: this.#row.id, rangesMax } },
    );
  }
}

function rangesOf({ id, done }: Pick<BatchJobRow, "id" | "done">): IndexRanges {
  try {
    return IndexRanges.parse(done);
  } catch (error) {
    throw batchError(
      "batch.checkpoint_invalid",
      `The checkpoint of the batch job "${id}" cannot be read.`,
      { details: { id }, cause: error },
    );
  }
}
