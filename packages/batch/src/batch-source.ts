import type { BatchEntry } from "./batch-processor.ts";
import { yieldToOthers } from "./pause.ts";
import { isRetryItems } from "./retry-items.ts";

/** Where items come from. */
export type BatchInput<Input> = Iterable<Input> | AsyncIterable<Input>;

/** What a source is told about the items it hands out. */
export interface SourceOptions<Input> {
  readonly keyOf: ((item: Input, index: number) => string) | undefined;
  readonly signal: AbortSignal;
  /** Sees every item in the order of the input; false passes over it. */
  readonly admit?: (entry: BatchEntry<Input>) => boolean;
}

/** Items read without a turn for others, when all of them are passed over. */
const readsPerTurn = 10_000;

/** Hands out batches, one caller at a time, until the input ends or the signal fires. */
export class BatchSource<Input> {
  readonly #iterator: Iterator<Input> | AsyncIterator<Input>;
  readonly #given: readonly Pick<BatchEntry<Input>, "index" | "key">[] | undefined;
  readonly #options: SourceOptions<Input>;
  /** Wakes the caller that waits for a slow input; cancelling must not wait for it too. */
  #wake: (() => void) | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  /** Entries that came after their caller had gone. */
  #late: BatchEntry<Input>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #index = 0;
  #ended = false;
  readonly #onAbort = (): void => this.#wake?.();

  constructor(input: BatchInput<Input>, options: SourceOptions<Input>) {
    this.#iterator = iteratorOf(input);
    this.#given = isRetryItems<Input>(input)
      ? input.entries.map(({ index, key }) => ({ index, key }))
      : undefined;
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort);
  }

  /** True when the input has no more items. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next `size` entries, or fewer at the end; `undefined` after it and when
   * cancelled. Rejects as the input does, after what it gave before.
   */
  async next(size: number): Promise<BatchEntry<Input>[] | undefined> {
    if (this.#options.signal.aborted) return undefined;
    const { promise: woken, resolve } = Promise.withResolvers<undefined>();
    let gone = false;
    this.#wake = () => {
      gone = true;
      resolve(undefined);
    };
    const reading = this.#read(size).then((batch) => {
      if (!gone) return batch;
      this.#late = batch ?? [];
      return undefined;
    });
    // A failure that comes when nobody waits any more is nobody's business.
    this.#reading = reading.catch(() => undefined);
    return Promise.race([reading, woken]);
  }

  /**
   * All entries that are left, cancelled or not. Only for inputs that cannot block.
   *
   * @yields batches, late ones first
   */
  async *rest(size: number): AsyncGenerator<BatchEntry<Input>[], undefined> {
    await this.#reading;
    if (this.#late.length > 0) yield this.#late.splice(0);
    for (;;) {
      const batch = await this.#read(size);
      if (batch === undefined) return undefined;
      yield batch;
    }
  }

  /** Lets go of the input without waiting for it. */
  close(): void {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    if (this.#ended) return;
    // The input may hang, or fail while it cleans up; neither is the result's business.
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
    } catch {
      // As above.
    }
  }

  async #read(size: number): Promise<BatchEntry<Input>[] | undefined> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const entries: BatchEntry<Input>[] = [];
    try {
      for (let reads = 1; entries.length < size && !this.#ended; reads += 1) {
        const pulled = this.#iterator.next();
        // Waiting for what is there already would cost more than the item itself.
        const step = isThenable(pulled) ? await pulled : pulled;
        if (step.done === true) {
          this.#ended = true;
          break;
        }
        const item: unknown = step.value;
        const entry = this.#entryOf((isThenable(item) ? await item : item) as Input);
        if (this.#options.admit?.(entry) !== false) entries.push(entry);
        if (reads % readsPerTurn === 0) await yieldToOthers();
      }
    } catch (error) {
      this.#failure = { error };
      if (entries.length === 0) throw error;
    }
    return entries.length === 0 ? undefined : entries;
  }

  #entryOf(item: Input): BatchEntry<Input> {
    const at = this.#index;
    this.#index += 1;
    const { index, key } = this.#given?.[at] ?? { index: at, key: undefined };
    return { index, key: key ?? this.#options.keyOf?.(item, index), item, attempt: 0 };
  }
}

function iteratorOf<Input>(input: BatchInput<Input>): Iterator<Input> | AsyncIterator<Input> {
  return Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
}

function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
