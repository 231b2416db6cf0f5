/**
 * Carries out each batch in one transaction.
 *
 * Invariant: an item is reported as succeeded only after the transaction that
 * holds it has been committed. Outcomes are therefore collected inside the
 * body and revised when the transaction fails; the body starts from nothing
 * each time it runs, because a transaction may run its body again.
 */
import { analyze } from "@atlas/errors";
import type { BatchOperation } from "./batch-operation.ts";
import { BatchAttempt } from "./batch-attempt.ts";
import type {
  Batch,
  BatchMode,
  BatchOutcome,
  BatchProcessor,
  BatchValidate,
} from "./batch-processor.ts";
import { judgeItems, type Judgement } from "./judge-items.ts";
import { contextOf } from "./run-item.ts";

/** A change that is about to be committed. */
export interface BatchChange<Item> {
  readonly index: number;
  readonly item: Item;
  /** What the operation answered. */
  readonly result: unknown;
}

/** What a transactional processor is made of. */
export interface TransactionalBatchPorts<Input, Item, Transaction> {
  /**
   * Runs a body in a transaction. Called inside a body it nests: a failure of
   * the inner one undoes the inner one only. Fits `atomic` of a transaction
   * manager.
   */
  readonly atomic: <Result>(body: (transaction: Transaction) => Promise<Result>) => Promise<Result>;
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
}

/**
 * Makes a processor that validates all items of a batch, processes the valid
 * ones and updates the indexes in one transaction.
 *
 * Item by item, each item has a savepoint of its own. All or nothing, the first
 * failure undoes everything.
 */
export function createTransactionalBatchProcessor<Input, Item, Transaction>(
  ports: TransactionalBatchPorts<Input, Item, Transaction>,
): BatchProcessor<Input, Item, Transaction> {
  return new TransactionalProcessor({ ...ports });
}

class TransactionalProcessor<Input, Item, Transaction> implements BatchProcessor<
  Input,
  Item,
  Transaction
> {
  readonly batchSizeDefault = 100;
  readonly supportsAllOrNothing = true;
  readonly #ports: TransactionalBatchPorts<Input, Item, Transaction>;

  constructor(ports: TransactionalBatchPorts<Input, Item, Transaction>) {
    this.#ports = ports;
  }

  async processBatch<Result>(
    batch: Batch<Input>,
    operation: BatchOperation<Item, Result, Transaction>,
  ): Promise<BatchOutcome<Result>> {
    let attempt = new BatchAttempt<Result>(batch);
    try {
      await this.#ports.atomic(async (transaction) => {
        attempt = new BatchAttempt(batch);
        const changes = await this.#runBody({ batch, attempt, transaction }, operation);
        if (changes.length > 0) await this.#ports.updateIndexes?.(changes, transaction);
        attempt.bodyCompleted = true;
      });
      return { items: attempt.committed() };
    } catch (error) {
      return { items: attempt.undone(error), failure: { error } };
    }
  }

  async #runBody<Result>(
    { batch, attempt, transaction }: Body<Input, Result, Transaction>,
    operation: BatchOperation<Item, Result, Transaction>,
  ): Promise<readonly BatchChange<Item>[]> {
    const { entries, mode, signal } = batch;
    const judgements = await judgeItems(this.#ports.validate, entries, transaction);
    refuse(judgements, mode, attempt);

    const changes: BatchChange<Item>[] = [];
    for (const [at, entry] of entries.entries()) {
      const judgement = judgements[at];
      if (judgement?.accepted !== true) continue;
      if (signal.aborted) {
        if (mode === "all-or-nothing") throw signal.reason;
        break;
      }
      const { item } = judgement;
      const run = async (inner: Transaction): Promise<Result> =>
        operation(item, contextOf(entry, signal, inner));
      try {
        const result =
          mode === "all-or-nothing" ? await run(transaction) : await this.#ports.atomic(run);
        attempt.set(at, { status: "succeeded", result });
        changes.push({ index: entry.index, item, result });
      } catch (error) {
        attempt.fail(at, error);
        if (mode === "all-or-nothing" || (await this.#isLost(error))) throw error;
      }
    }
    return changes;
  }

  /** True when the transaction cannot go on after an item has failed in its savepoint. */
  async #isLost(error: unknown): Promise<boolean> {
    if (analyze(error).retryScope === "transaction") return true;
    // A full disk, for one, ends the whole transaction behind our back. Asking for
    // another savepoint tells, whatever the error looked like.
    return this.#ports.atomic(async () => false).catch(() => true);
  }
}

interface Body<Input, Result, Transaction> {
  readonly batch: Batch<Input>;
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
