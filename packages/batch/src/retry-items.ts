import type { BatchEntry, ItemOutcome } from "./batch-processor.ts";

/** An item that did not succeed and may be tried again as it is. */
export interface FailedItem<Input> {
  /** The position of the item in the input of the first run. */
  readonly index: number;
  /** What `keyOf` said of it then. */
  readonly key?: string;
  readonly item: Input;
  readonly status: "failed" | "rolledBack" | "cancelled";
  /** Absent when it was cancelled. */
  readonly error?: unknown;
}

/**
 * The items of a batch that may be tried again, by position.
 *
 * Give them to `process` as its input: the second run reports indexes and keys
 * of the first. Items that validation refused are not among them, because they
 * would be refused again.
 */
export interface RetryItems<Input> extends Iterable<Input> {
  readonly entries: readonly FailedItem<Input>[];
  /** False when there was no room for all of them; see `retryItemsMax`, and `onFailedItem`. */
  readonly complete: boolean;
}

/** Where the lists made here can be told from foreign objects of the same shape. */
const made = new WeakSet<object>();

/** Makes the list that a result carries. */
export function retryItemsOf<Input>(
  entries: readonly FailedItem<Input>[],
  complete: boolean,
): RetryItems<Input> {
  const list = {
    entries,
    complete,
    *[Symbol.iterator](): Generator<Input, void> {
      for (const { item } of entries) yield item;
    },
  };
  made.add(list);
  return list;
}

/** True for the `retryItems` of a result. */
export function isRetryItems<Input>(input: object): input is RetryItems<Input> {
  return made.has(input);
}

/** What may be tried again of an entry; undefined when it succeeded or was refused. */
export function failedItemOf<Input>(
  { index, key, item }: BatchEntry<Input>,
  outcome: ItemOutcome<unknown>,
): FailedItem<Input> | undefined {
  if (outcome.status === "succeeded" || outcome.status === "skipped") return undefined;
  const named = key === undefined ? {} : { key };
  return { index, ...named, item, ...outcome };
}
