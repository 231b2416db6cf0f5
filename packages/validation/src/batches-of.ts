/**
 * Gathers items into lists of `size`, the last one shorter, and draws no more
 * than it hands out.
 *
 * @yields lists that are not empty
 */
export async function* batchesOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
): AsyncGenerator<readonly Item[], void, undefined> {
  let batch: Item[] = [];
  if (Symbol.asyncIterator in items) {
    for await (const item of items) {
      batch.push(item);
      if (batch.length === size) {
        yield batch;
        batch = [];
      }
    }
  } else {
    // Not awaited: an item that is there already would cost a turn of the queue.
    for (const item of items) {
      batch.push(item);
      if (batch.length === size) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}
