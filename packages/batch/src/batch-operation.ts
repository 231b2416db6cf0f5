/** Where an item stands, as it is told to operations. */
export interface BatchItemPlace {
  /** The position of the item in the input, from 0. */
  readonly index: number;
  /** What `keyOf` said of the item. */
  readonly key: string | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** What an operation is told besides its item. */
export interface BatchItemContext<Transaction = undefined> extends BatchItemPlace {
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

/** What an operation over a whole batch is told besides the items. */
export interface BatchSetContext<Transaction = undefined> {
  /** One per item, in their order. */
  readonly places: readonly BatchItemPlace[];
  readonly signal: AbortSignal;
  readonly transaction: Transaction;
}

/**
 * What is done with all accepted items of a batch at once.
 *
 * When it throws item by item and the processor can undo, it is called again
 * with one item at a time, so that only those that are at fault fail. Where
 * nothing can be undone every item of the call fails with the error.
 */
export interface BatchSetOperation<Item, Result, Transaction = undefined> {
  /** Answers with one result per item, in their order. Throw `itemFailure` to name the culprit. */
  readonly all: (
    items: readonly Item[],
    context: BatchSetContext<Transaction>,
  ) => readonly Result[] | Promise<readonly Result[]>;
}

/** What is to be done with the items, one by one or all of a batch at once. */
export type BatchWorkload<Item, Result, Transaction = undefined> =
  | BatchOperation<Item, Result, Transaction>
  | BatchSetOperation<Item, Result, Transaction>;
