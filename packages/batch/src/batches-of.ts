import type { BatchEntry } from "./batch-processor.ts";

/** Where items come from. */
export type BatchInput<Input> = Iterable<Input> | AsyncIterable<Input>;

/** How the input is cut. */
export interface BatchCut<Input> {
  readonly batchSize: number;
  readonly keyOf: ((item: Input, index: number) => string) | undefined;
}

/**
 * Cuts the input into batches and reads no further ahead than one of them.
 * Several callers may ask at the same time; a generator answers in turn. When
 * the input fails, what it has given before comes first.
 *
 * @yields as many entries as a batch holds; the last batch may be shorter
 */
export async function* batchesOf<Input>(
  input: BatchInput<Input>,
  { batchSize, keyOf }: BatchCut<Input>,
): AsyncGenerator<BatchEntry<Input>[], undefined> {
  let entries: BatchEntry<Input>[] = [];
  let index = 0;
  try {
    for await (const item of input) {
      entries.push({ index, key: keyOf?.(item, index), item, attempt: 0 });
      index += 1;
      if (entries.length < batchSize) continue;
      yield entries;
      entries = [];
    }
  } catch (error) {
    if (entries.length > 0) yield entries;
    throw error;
  }
  if (entries.length > 0) yield entries;
  return undefined;
}
