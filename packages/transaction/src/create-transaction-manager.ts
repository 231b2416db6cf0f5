import { AsyncLocalStorage } from "node:async_hooks";
import type { Connection, Database, Reader, WriterLease } from "@atlas/storage";
import { createAmbientConnection } from "./ambient-connection.ts";
import { activeTransactions } from "./active-transactions.ts";
import { transactionError } from "./errors.ts";
import { Frame, type FrameRoot, type RollbackHook, transactionId } from "./frame.ts";
import { createManualTransaction } from "./manual-transaction.ts";
import { readonlyConnection } from "./read-transaction.ts";
import { createRetryBudget } from "./retry-policy.ts";
import { type FrameBody, runBody } from "./run-body.ts";
import { runNested } from "./run-nested.ts";
import { runProgram, type ProgramBody } from "./run-program.ts";
import { type RetryHost, runWithRetry } from "./run-with-retry.ts";
import { submitMember } from "./submit-member.ts";
import type {
  IsolationLevel,
  ManualTransaction,
  Transaction,
  TransactionManager,
} from "./transaction.ts";
import type { TransactionStatistics, TransactionStatus } from "./transaction-status.ts";
import {
  checkTransactionOptions,
  type ResolvedManagerOptions,
  resolveManagerOptions,
  type TransactionManagerOptions,
  type TransactionOptions,
} from "./transaction-options.ts";
import { WriterLane } from "./writer-lane.ts";

const noOptions: TransactionOptions = Object.freeze({});

/**
 * Takes the writer of `database` and answers for it until `close`.
 *
 * @throws {AtlasError} storage.writer_taken when another manager has it.
 */
export async function createTransactionManager(
  database: Database,
  options: TransactionManagerOptions = {},
): Promise<TransactionManager> {
  const resolved = resolveManagerOptions(options);
  return new Manager(database, await database.unsafeTakeWriter(), resolved);
}

class Manager implements TransactionManager {
  readonly connection: Connection;
  readonly #database: Database;
  readonly #lease: WriterLease;
  readonly #options: ResolvedManagerOptions;
  readonly #lane: WriterLane;
  readonly #frames: AsyncLocalStorage<Frame | undefined> = new AsyncLocalStorage();
  readonly #retrying: RetryHost;
  readonly #readers = new Set<FrameRoot>();
  #sequence = 0;
  #closed: Promise<void> | undefined;

  constructor(database: Database, lease: WriterLease, options: ResolvedManagerOptions) {
    this.#database = database;
    this.#lease = lease;
    this.#options = options;
    this.#lane = new WriterLane(lease, options);
    this.#retrying = {
      budget: createRetryBudget(options.retryBudget),
      statistics: this.#lane.statistics,
      options,
    };
    const current = (): Frame | undefined => this.#frames.getStore();
    this.connection = createAmbientConnection(database, this, current);
  }

  atomic<T>(
    body: (transaction: Transaction) => T | Promise<T>,
    options: TransactionOptions = noOptions,
  ): Promise<T> {
    return this.#start<T>(body, options, false);
  }

  program<T>(body: ProgramBody<T>, options: TransactionOptions = noOptions): Promise<T> {
    // Statements are data: a driver without synchronous calls runs them with promises.
    const mustNotWait = typeof body === "function";
    return this.#start<T>(
      (frame) => runProgram(this.#lease.writer, frame, body),
      options,
      mustNotWait,
    );
  }

  read<T>(body: (connection: Connection) => T | Promise<T>): Promise<T> {
    const frame = this.#frames.getStore();
    return frame === undefined
      ? this.atomic(body, { readonly: true })
      : Promise.resolve().then(() => body(frame));
  }

  current(): Transaction | undefined {
    return this.#frames.getStore();
  }

  async begin(
    isolation: IsolationLevel = "serializable",
    options: TransactionOptions = noOptions,
  ): Promise<ManualTransaction> {
    const started = Promise.withResolvers<Frame>();
    const ended = Promise.withResolvers<void>();
    const outcome = this.atomic(
      (frame) => {
        started.resolve(frame as Frame);
        return ended.promise;
      },
      { ...options, isolation, independent: true },
    );
    outcome.catch(started.reject);
    const rollback = new RolledBack();
    const settled = outcome.catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
    settled.catch(() => undefined);
    return createManualTransaction(await started.promise, {
      commit: () => {
        ended.resolve();
        return outcome;
      },
      rollback: () => {
        ended.reject(rollback);
        return settled.catch(() => undefined);
      },
    });
  }

  commit(transaction: ManualTransaction): Promise<void> {
    return transaction.commit();
  }

  rollback(transaction: ManualTransaction): Promise<void> {
    return transaction.rollback();
  }

  async createSavepoint(name: string): Promise<void> {
    await this.#requireCurrent().createSavepoint(name);
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#requireCurrent().rollbackTo(name);
  }

  runWithoutTransaction<T>(body: () => T): T {
    return this.#frames.run(undefined, body);
  }

  status(): TransactionStatus {
    const transactions = activeTransactions(
      this.#lane.members(),
      this.#readers,
      this.#options.clock(),
    );
    return { ...this.#lane.counts(), transactions };
  }

  statistics(): TransactionStatistics {
    return this.#lane.statistics.summary(this.#options.monotonicClock());
  }

  close(): Promise<void> {
    this.#closed ??= this.#lane.drain().then(() => this.#lease.release());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Every outcome, a refusal too, is a promise; `T` is what `body` answers with. */
  #start<T>(body: FrameBody, options: TransactionOptions, program: boolean): Promise<T> {
    try {
      if (options !== noOptions) checkTransactionOptions(options);
      // A nested one is repeated with everything around it, or not at all.
      const repeats = options.retry !== undefined && this.#frames.getStore() === undefined;
      const result = repeats
        ? runWithRetry(this.#retrying, options, async () => this.#dispatch(body, options, program))
        : this.#dispatch(body, options, program);
      return result as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #dispatch(body: FrameBody, options: TransactionOptions, program: boolean): Promise<unknown> {
    const outer = this.#frames.getStore();
    if (outer !== undefined)
      return runNested(outer, {
        body,
        options,
        runHooks: (frame, hooks) => this.#runHooks(frame, hooks),
      });
    if (this.#closed !== undefined) throw managerClosed();
    if (options.readonly === true) return this.#readonly(body, options);
    const { writer } = this.#lease;
    const frame = new Frame(this.#root(writer, program && writer.sync !== undefined));
    return submitMember(this.#lane, {
      frame,
      body: () => this.#frames.run(frame, body, frame),
      program,
      options,
      defaults: this.#options,
    });
  }

  #readonly(body: FrameBody, options: TransactionOptions): Promise<unknown> {
    const { signal, waitTimeoutMs } = options;
    const root = this.#root(undefined, false);
    this.#readers.add(root);
    return this.#database
      .read((reader) => this.#read(root, { body, options, reader }), {
        ...(signal === undefined ? {} : { signal }),
        ...(waitTimeoutMs === undefined ? {} : { acquireTimeoutMs: waitTimeoutMs }),
      })
      .finally(() => this.#readers.delete(root));
  }

  async #read(
    root: FrameRoot,
    { body, options, reader }: { body: FrameBody; options: TransactionOptions; reader: Reader },
  ): Promise<unknown> {
    root.connection = readonlyConnection(transactionId(root), reader);
    const frame = new Frame(root);
    try {
      const result = await runBody(frame, body, options);
      this.#runHooks(frame, frame.commitHooks);
      return result;
    } catch (error) {
      this.#runHooks(frame, frame.takeRollbackHooks());
      throw error;
    } finally {
      await root.enlisted?.undone("rolledBack");
    }
  }

  #root(writer: WriterLease["writer"] | undefined, neverWaits: boolean): FrameRoot {
    this.#sequence += 1;
    return {
      number: this.#sequence,
      startedAt: this.#options.clock(),
      connection: this.#lease.writer,
      isolation: "serializable",
      writer,
      frames: this.#frames,
      neverWaits,
      origin: this.#options.captureOrigin ? originHere() : undefined,
      operations: 0,
      enlisted: undefined,
    };
  }

  #runHooks(frame: Frame, hooks: readonly RollbackHook[]): void {
    for (const hook of hooks) {
      try {
        this.runWithoutTransaction(() => hook("rolledBack"));
      } catch (error) {
        this.#options.onEvent?.({ type: "transaction.hook_failed", id: frame.id, error });
      }
    }
  }

  #requireCurrent(): Frame {
    const frame = this.#frames.getStore();
    if (frame !== undefined) return frame;
    throw transactionError(
      "transaction.required",
      "A savepoint belongs to a transaction, and this code runs outside one. Call it inside `atomic`.",
      { txState: "none" },
    );
  }
}

/** Tells the end by `rollback` from a failure. */
class RolledBack extends Error {}

function managerClosed(): Error {
  return transactionError(
    "transaction.manager_closed",
    "The transaction manager is closed. Create a new one over an open database.",
    { txState: "none" },
  );
}

/** A holder of the stack, which is made into text only when somebody reads it. */
function originHere(): { readonly stack?: string } {
  const holder = {};
  Error.captureStackTrace(holder, originHere);
  return holder;
}
