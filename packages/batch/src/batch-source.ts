import type { BatchEntry } from "./batch-processor.ts";
import { batchesOf, type BatchCut, type BatchInput } from "./batches-of.ts";

/** Hands out batches until the input ends or the signal fires. */
export class BatchSource<Input> {
  readonly #batches: AsyncGenerator<BatchEntry<Input>[], undefined>;
  readonly #signal: AbortSignal;
  /** Callers that wait for a slow input; cancelling must not wait for it too. */
  readonly #waiting = new Set<() => void>();
  /** Batches that came after their caller had gone. */
  readonly #late: BatchEntry<Input>[][] = [];
  readonly #onAbort = (): void => {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  };
  #ended = false;

  constructor(input: BatchInput<Input>, cut: BatchCut<Input>, signal: AbortSignal) {
    this.#batches = batchesOf(input, cut);
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
  }

  /** True when the input has no more items. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next batch; `undefined` at the end and when cancelled. Rejects as the input does. */
  next(): Promise<BatchEntry<Input>[] | undefined> {
    if (this.#signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const wake = (): void => resolve(undefined);
      this.#waiting.add(wake);
      this.#read().then((batch) => {
        if (this.#waiting.delete(wake)) resolve(batch);
        else if (batch !== undefined) this.#late.push(batch);
      }, reject);
    });
  }

  /**
   * All batches that are left, cancelled or not. Only for inputs that cannot block.
   *
   * @yields batches, late ones first
   */
  async *rest(): AsyncGenerator<BatchEntry<Input>[], undefined> {
    for (;;) {
      const batch = await this.#read();
      yield* this.#late.splice(0);
      if (batch === undefined) return undefined;
      yield batch;
    }
  }

  /** Lets go of the input without waiting for it. */
  close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    // The input may hang, or fail while it cleans up; neither is the result's business.
    this.#batches.return(undefined).catch(() => {});
  }

  async #read(): Promise<BatchEntry<Input>[] | undefined> {
    const { value } = await this.#batches.next();
    this.#ended ||= value === undefined;
    return value;
  }
}
