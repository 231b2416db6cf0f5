import { AsyncLocalStorage } from "node:async_hooks";
import type { Connection, Database, WriterLease } from "@atlas/storage";
import { createAmbientConnection } from "./ambient-connection.ts";
import { transactionError } from "./errors.ts";
import { Frame, type FrameRoot, readonlyError, transactionId } from "./frame.ts";
import { createManualTransaction } from "./manual-transaction.ts";
import { readonlyConnection } from "./read-transaction.ts";
import { runProgram, type ProgramBody } from "./run-program.ts";
import { submitMember } from "./submit-member.ts";
import type {
  IsolationLevel,
  ManualTransaction,
  Transaction,
  TransactionManager,
  TransactionStatus,
} from "./transaction.ts";
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
  readonly #current = (): Frame | undefined => this.#frames.getStore();
  #sequence = 0;
  #closed: Promise<void> | undefined;

  constructor(database: Database, lease: WriterLease, options: ResolvedManagerOptions) {
    this.#database = database;
    this.#lease = lease;
    this.#options = options;
    this.#lane = new WriterLane(lease, options);
    this.connection = createAmbientConnection(database, this, this.#current);
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
    return this.#lane.status();
  }

  close(): Promise<void> {
    this.#closed ??= this.#lane.drain().then(() => this.#lease.release());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Every outcome, a refusal too, is a promise; `T` is what `body` answers with. */
  #start<T>(
    body: (frame: Frame) => unknown,
    options: TransactionOptions,
    program: boolean,
  ): Promise<T> {
    try {
      return this.#dispatch(body, options, program) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #dispatch(
    body: (frame: Frame) => unknown,
    options: TransactionOptions,
    program: boolean,
  ): Promise<unknown> {
    if (options !== noOptions) checkTransactionOptions(options);
    const outer = this.#frames.getStore();
    if (outer !== undefined) return this.#nest(outer, body, options);
    if (this.#closed !== undefined) throw managerClosed();
    if (options.readonly === true) return this.#readonly(body, options);
    const frame = new Frame(this.#root(this.#lease.writer));
    return submitMember(this.#lane, {
      frame,
      body: () => this.#frames.run(frame, body, frame),
      program,
      options,
      defaults: this.#options,
    });
  }

  #nest(
    outer: Frame,
    body: (frame: Frame) => unknown,
    options: TransactionOptions,
  ): Promise<unknown> {
    outer.assertOpen();
    if (options.independent === true) throw wouldDeadlock();
    if (outer.writer === undefined) {
      if (options.readonly !== true) throw readonlyError();
      return outer.nest((child) => this.#runNested(child, body));
    }
    const { writer } = outer;
    return outer.nest(async (child) => {
      const savepoint = `nested_${child.depth}`;
      await writer.savepoint(savepoint);
      try {
        const result = await this.#runNested(child, body);
        await writer.release(savepoint);
        outer.adoptHooks(child);
        return result;
      } catch (error) {
        // Without a transaction there is nothing left to undo: the database, or
        // a deadline of the outermost body, has undone it already.
        if (writer.inTransaction && outer.open) await writer.rollbackTo(savepoint);
        for (const hook of child.takeRollbackHooks()) this.#runHook(child.id, hook);
        throw error;
      }
    });
  }

  async #runNested(child: Frame, body: (frame: Frame) => unknown): Promise<unknown> {
    try {
      const result = await this.#frames.run(child, async () => body(child));
      child.assertOpen();
      if (child.hasUnfinishedChild)
        throw transactionError(
          "transaction.child_unfinished",
          "A nested transaction returned while one inside it was still running, so it was " +
            "rolled back. Await every nested `atomic`.",
          { txState: "active" },
        );
      return result;
    } finally {
      child.close();
    }
  }

  #readonly(body: (frame: Frame) => unknown, options: TransactionOptions): Promise<unknown> {
    const { signal, waitTimeoutMs } = options;
    return this.#database.read(
      async (reader) => {
        const root = this.#root(undefined);
        const id = transactionId(root);
        const frame = new Frame({ ...root, connection: readonlyConnection(id, reader) });
        try {
          const result = await this.#frames.run(frame, async () => body(frame));
          for (const hook of frame.commitHooks) this.#runHook(id, hook);
          return result;
        } finally {
          frame.close();
        }
      },
      {
        ...(signal === undefined ? {} : { signal }),
        ...(waitTimeoutMs === undefined ? {} : { acquireTimeoutMs: waitTimeoutMs }),
      },
    );
  }

  #root(writer: WriterLease["writer"] | undefined): FrameRoot {
    this.#sequence += 1;
    return {
      number: this.#sequence,
      startedAt: this.#options.clock(),
      connection: this.#lease.writer,
      isolation: "serializable",
      writer,
      current: this.#current,
      operations: 0,
    };
  }

  #runHook(id: string, hook: () => void): void {
    try {
      this.runWithoutTransaction(hook);
    } catch (error) {
      this.#options.onEvent?.({ type: "transaction.hook_failed", id, error });
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

function wouldDeadlock(): Error {
  return transactionError(
    "transaction.would_deadlock",
    "An independent transaction was asked for inside another one. There is one writer, so it " +
      "would wait for itself. Leave `independent` out to nest.",
    { txState: "active" },
  );
}
