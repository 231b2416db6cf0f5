/** What an operation is told besides its item. */
export interface BatchItemContext<Transaction = undefined> {
  /** The position of the item in the input, from 0. */
  readonly index: number;
  /** What `keyOf` said of the item. */
  readonly key: string | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Fires when the batch is cancelled; hand it to whatever waits. */
  readonly signal: AbortSignal;
  /** The transaction of a transactional processor. */
  readonly transaction: Transaction;
}

/** What is done with each item. It may run more than once for an item: see `retry`. */
export type BatchOperation<Item, Result, Transaction = undefined> = (
  item: Item,
  context: BatchItemContext<Transaction>,
) => Result | Promise<Result>;
