/**
 * Carries out each batch in one transaction.
 *
 * Invariant: an item is reported as succeeded only after the transaction that
 * holds it has been committed. Outcomes are therefore collected inside the
 * body and revised when the transaction fails; the body starts from nothing
 * each time it runs, because a transaction may run its body again.
 */
import { analyze, checkOptions } from "@atlas/errors";
import type { BatchOperation, BatchSetOperation, BatchWorkload } from "./batch-operation.ts";
import { BatchAttempt } from "./batch-attempt.ts";
import type {
  Batch,
  BatchMode,
  BatchOutcome,
  BatchProcessor,
  BatchValidate,
} from "./batch-processor.ts";
import { readSetFailure } from "./item-failure.ts";
import { judgeItems, type Judgement } from "./judge-items.ts";
import { contextOf, runOne, runSet } from "./run-item.ts";

/** A change that is about to be committed. */
export interface BatchChange<Item> {
  readonly index: number;
  readonly item: Item;
  /** What the operation answered. */
  readonly result: unknown;
}

/**
 * Which items of a batch have a savepoint, item by item: each one, or none
 * until one has failed.
 */
export type SavepointPolicy = "each" | "on-failure";

/** Runs a body in a transaction; called inside a body it nests. */
export type BatchAtomic<Transaction> = <Result>(
  body: (transaction: Transaction) => Promise<Result>,
) => Promise<Result>;

/** What a transactional processor is made of. */
export interface TransactionalBatchPorts<Input, Item, Transaction> {
  /**
   * Runs a body in a transaction. Called inside a body it nests: a failure of
   * the inner one undoes the inner one only. Fits `atomic` of a transaction
   * manager.
   */
  readonly atomic: BatchAtomic<Transaction>;
  /** Refuses items before any is processed, inside the transaction that will write. */
  readonly validate: BatchValidate<Input, Item, Transaction>;
  /**
   * Told of all changes of the batch before they are committed; what it throws
   * undoes the batch. Default: nothing is told.
   */
  readonly updateIndexes?: (
    changes: readonly BatchChange<Item>[],
    transaction: Transaction,
  ) => void | Promise<void>;
  /**
   * Item by item, `"on-failure"` runs the batch without savepoints and, when an
   * item fails, undoes it and runs validation and operations of all its items
   * again with one savepoint each. Only for operations whose effects lie in the
   * transaction. Operations over a set always work that way. Default: `"each"`.
   */
  readonly savepoints?: SavepointPolicy;
}

/**
 * Makes a processor that validates all items of a batch, processes the valid
 * ones and updates the indexes in one transaction.
 *
 * Item by item, each item has a savepoint of its own. All or nothing, the first
 * failure undoes everything.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createTransactionalBatchProcessor<Input, Item, Transaction>(
  ports: TransactionalBatchPorts<Input, Item, Transaction>,
): BatchProcessor<Input, Item, Transaction> {
  checkOptions<object>("createTransactionalBatchProcessor", ports, {
    atomic: "any",
    validate: "any",
    updateIndexes: "any",
    savepoints: ["each", "on-failure"],
  });
  return new TransactionalProcessor({ ...ports, batchSizeDefault: 100 });
}

/** What else a processor may be made of that is made here. */
export interface WritingPorts<Input, Item, Transaction> extends TransactionalBatchPorts<
  Input,
  Item,
  Transaction
> {
  readonly batchSizeDefault: number;
  /** Writes what operations have answered; a failure of it is one of its items. */
  readonly write?: (
    changes: readonly BatchChange<Item>[],
    transaction: Transaction,
  ) => Promise<unknown>;
}

/** The processor behind those of transactions, rows and indexes. */
export class TransactionalProcessor<Input, Item, Transaction> implements BatchProcessor<
  Input,
  Item,
  Transaction
> {
  readonly batchSizeDefault: number;
  readonly supportsAllOrNothing = true;
  readonly supportsCheckpoints = true;
  readonly #ports: WritingPorts<Input, Item, Transaction>;

  constructor(ports: WritingPorts<Input, Item, Transaction>) {
    this.batchSizeDefault = ports.batchSizeDefault;
    this.#ports = ports;
  }

  async processBatch<Result>(
    batch: Batch<Input, Transaction>,
    operation: BatchWorkload<Item, Result, Transaction>,
  ): Promise<BatchOutcome<Result>> {
    let attempt = new BatchAttempt<Result>(batch);
    try {
      await this.#ports.atomic(async (transaction) => {
        attempt = new BatchAttempt(batch);
        const changes = await this.#runBody({ batch, attempt, transaction }, operation);
        if (changes.length > 0) await this.#ports.updateIndexes?.(changes, transaction);
        await batch.beforeCommit?.(attempt.committed(), transaction);
        attempt.bodyCompleted = true;
      });
      return { items: attempt.committed() };
    } catch (error) {
      return { items: attempt.undone(error), failure: { error } };
    }
  }

  async #runBody<Result>(
    body: Body<Input, Result, Transaction>,
    operation: BatchWorkload<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    if (body.batch.mode === "all-or-nothing") return this.#runTogether(body, operation);
    const together = typeof operation !== "function" || this.#ports.savepoints === "on-failure";
    if (together) {
      try {
        return await this.#ports.atomic((transaction) =>
          this.#runTogether({ ...body, transaction }, operation),
        );
      } catch (error) {
        if (await this.#isLost(error)) throw error;
        // Everything is as it was before: one item at a time shows who is at fault.
        body.attempt.reset();
      }
    }
    return this.#runOneByOne(body, operation);
  }

  /** Without savepoints: the first failure ends the run and has to undo all of it. */
  async #runTogether<Result>(
    body: Body<Input, Result, Transaction>,
    operation: BatchWorkload<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    const accepted = await this.#judge(body);
    const changes =
      typeof operation === "function"
        ? await this.#runItems(accepted, body, operation)
        : await this.#runSet(accepted, body, operation);
    if (changes.length > 0) await this.#ports.write?.(changes, body.transaction);
    return changes;
  }

  async #runItems<Result>(
    accepted: readonly Accepted<Item>[],
    { batch, attempt, transaction }: Body<Input, Result, Transaction>,
    operation: BatchOperation<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    const { entries, mode, signal } = batch;
    const changes: BatchChange<Item>[] = [];
    for (const { at, item } of accepted) {
      if (signal.aborted) {
        if (mode === "all-or-nothing") throw signal.reason;
        break;
      }
      const entry = entries[at]!;
      try {
        const answer = operation(item, contextOf(entry, signal, transaction));
        // An operation that does not wait is not made to.
        const result = answer instanceof Promise ? await answer : answer;
        attempt.set(at, { status: "succeeded", result });
        changes.push({ index: entry.index, item, result });
      } catch (error) {
        attempt.fail(at, error);
        throw error;
      }
    }
    return changes;
  }

  async #runSet<Result>(
    accepted: readonly Accepted<Item>[],
    { batch, attempt, transaction }: Body<Input, Result, Transaction>,
    operation: BatchSetOperation<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    const { entries, mode, signal } = batch;
    if (signal.aborted && mode === "all-or-nothing") throw signal.reason;
    if (signal.aborted || accepted.length === 0) return [];
    try {
      const items = accepted.map(({ item }) => item);
      const places = accepted.map(({ at }) => entries[at]!);
      const results = await runSet(operation, items, { places, signal, transaction });
      return accepted.map(({ at, item }, position) => {
        const result = results[position]!;
        attempt.set(at, { status: "succeeded", result });
        return { index: entries[at]!.index, item, result };
      });
    } catch (thrown) {
      const { position, error } = readSetFailure(thrown);
      const culprit = position === undefined ? undefined : accepted[position];
      if (culprit !== undefined) attempt.fail(culprit.at, error);
      throw error;
    }
  }

  async #runOneByOne<Result>(
    { batch, attempt, transaction }: Body<Input, Result, Transaction>,
    operation: BatchWorkload<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    const { signal } = batch;
    const changes: BatchChange<Item>[] = [];
    for (const { at, item } of await this.#judge({ batch, attempt, transaction })) {
      if (signal.aborted) break;
      const entry = batch.entries[at]!;
      try {
        const result = await this.#ports.atomic(async (inner) => {
          const answer = await runOne(operation, item, contextOf(entry, signal, inner));
          await this.#ports.write?.([{ index: entry.index, item, result: answer }], inner);
          return answer;
        });
        attempt.set(at, { status: "succeeded", result });
        changes.push({ index: entry.index, item, result });
      } catch (error) {
        attempt.fail(at, error);
        if (await this.#isLost(error)) throw error;
      }
    }
    return changes;
  }

  /** The items that may be processed; all or nothing, a refused one ends the batch. */
  async #judge({
    batch,
    attempt,
    transaction,
  }: Body<Input, unknown, Transaction>): Promise<readonly Accepted<Item>[]> {
    const judgements = await judgeItems(this.#ports.validate, batch.entries, transaction);
    refuse(judgements, batch.mode, attempt);
    return judgements.flatMap((judgement, at) =>
      judgement.accepted ? [{ at, item: judgement.item }] : [],
    );
  }

  /** True when the transaction cannot go on after an item has failed in its savepoint. */
  async #isLost(error: unknown): Promise<boolean> {
    if (analyze(error).retryScope === "transaction") return true;
    // A full disk, for one, ends the whole transaction behind our back. Asking for
    // another savepoint tells, whatever the error looked like.
    return this.#ports.atomic(async () => false).catch(() => true);
  }
}

/** An item that passed the validation, and its place in the batch. */
interface Accepted<Item> {
  readonly at: number;
  readonly item: Item;
}

interface Body<Input, Result, Transaction> {
  readonly batch: Batch<Input, Transaction>;
  readonly attempt: BatchAttempt<Result>;
  readonly transaction: Transaction;
}

/** Notes which items were not accepted; all or nothing, the first of them ends the batch. */
function refuse<Item>(
  judgements: readonly Judgement<Item>[],
  mode: BatchMode,
  attempt: BatchAttempt<unknown>,
): void {
  const refused: unknown[] = [];
  for (const [at, judgement] of judgements.entries()) {
    if (judgement.accepted) continue;
    const status = mode === "all-or-nothing" ? "failed" : "skipped";
    attempt.set(at, { status, error: judgement.error });
    refused.push(judgement.error);
  }
  if (mode === "all-or-nothing" && refused.length > 0) throw refused[0];
}
