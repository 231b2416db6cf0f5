import { analyze } from "@atlas/errors";
import type { BatchCoordinatorOptions } from "./batch-coordinator-options.ts";
import type { BatchEvent } from "./batch-event.ts";
import type { BatchOperation } from "./batch-operation.ts";
import type { ResolvedBatchOptions } from "./batch-options.ts";
import type { BatchEntry } from "./batch-processor.ts";
import type { BatchResult } from "./batch-result.ts";
import { BatchSource } from "./batch-source.ts";
import type { BatchInput } from "./batches-of.ts";
import { batchError } from "./errors.ts";
import { yieldToOthers } from "./pause.ts";
import { processBatch } from "./process-batch.ts";
import { ResultCollector, type Stop } from "./result-collector.ts";

/** Milliseconds of uninterrupted work after which timers and input get a turn. */
const yieldAfterMs = 10;

/** What is to be done, and with what. */
export interface BatchWork<Input, Item, Result, Transaction> {
  readonly input: BatchInput<Input>;
  readonly operation: BatchOperation<Item, Result, Transaction>;
}

/** One call of `process`, from the input to the result. */
export class BatchJob<Input, Item, Result, Transaction> {
  readonly #input: BatchInput<Input>;
  readonly #operation: BatchOperation<Item, Result, Transaction>;
  readonly #options: ResolvedBatchOptions<Input, Item, Transaction>;
  readonly #tools: Required<BatchCoordinatorOptions>;
  readonly #collector: ResultCollector<Result>;
  readonly #startedAt: number;
  #yieldedAt: number;
  #stop: Stop | undefined;

  constructor(
    work: BatchWork<Input, Item, Result, Transaction>,
    options: ResolvedBatchOptions<Input, Item, Transaction>,
    tools: Required<BatchCoordinatorOptions>,
  ) {
    this.#input = work.input;
    this.#operation = work.operation;
    this.#options = options;
    this.#tools = tools;
    this.#collector = new ResultCollector(options);
    this.#startedAt = tools.clock();
    this.#yieldedAt = this.#startedAt;
  }

  /** @throws {AtlasError} batch.too_many_items, before anything was begun */
  async run(): Promise<BatchResult<Result>> {
    const { mode, strategy, batchSize, concurrency, signal, keyOf } = this.#options;
    this.#tell({ type: "batch.started", mode, strategy, batchSize, concurrency });
    const whole = mode === "all-or-nothing";
    // One item more than allowed is enough to know that there are too many.
    const cut = { keyOf, batchSize: whole ? batchSize + 1 : batchSize };
    const source = new BatchSource(this.#input, cut, signal);
    try {
      if (whole) await this.#workAtOnce(source);
      else await Promise.all(Array.from({ length: concurrency }, () => this.#work(source)));
      await this.#abandon(source);
    } finally {
      source.close();
    }
    return this.#finish();
  }

  /** Takes batch after batch; as many of these run as batches may be processed at once. */
  async #work(source: BatchSource<Input>): Promise<void> {
    for (;;) {
      const batch = await this.#next(source);
      if (batch === undefined) return;
      await this.#processOrCancel(batch);
      await this.#giveWay();
    }
  }

  /** Takes everything, and begins only when the input has ended well. */
  async #workAtOnce(source: BatchSource<Input>): Promise<void> {
    const batch = await this.#next(source);
    if (batch === undefined) return;
    const { itemsMax } = this.#options;
    if (batch.length > itemsMax) {
      throw batchError(
        "batch.too_many_items",
        `More than ${itemsMax} items were given to be processed all or nothing.`,
        { details: { itemsMax } },
      );
    }
    await this.#next(source);
    await this.#processOrCancel(batch);
  }

  async #processOrCancel(batch: readonly BatchEntry<Input>[]): Promise<void> {
    if (this.#stop === undefined) await this.#process(batch);
    else this.#cancel(batch);
  }

  async #next(source: BatchSource<Input>): Promise<BatchEntry<Input>[] | undefined> {
    if (this.#stop !== undefined) return undefined;
    try {
      return await source.next();
    } catch (error) {
      this.#stop ??= { reason: "inputFailed", error };
      return undefined;
    }
  }

  async #process(batch: readonly BatchEntry<Input>[]): Promise<void> {
    const { sleep, random } = this.#tools;
    const { entries, failure } = await processBatch(batch, {
      options: this.#options,
      operation: this.#operation,
      sleep,
      random,
      onRetry: (retry) => {
        this.#collector.retries += retry.items;
        this.#tell({ type: "batch.retry", ...retry });
      },
    });
    for (const { entry, outcome } of entries) this.#collector.add(entry, outcome);
    this.#stop ??= this.#reasonToStop(failure);
    this.#report();
  }

  #reasonToStop(failure: { readonly error: unknown } | undefined): Stop | undefined {
    const { failed, skipped } = this.#collector.counts;
    if (this.#options.signal.aborted) return undefined;
    if (failure !== undefined) {
      const { severity, recoverable } = analyze(failure.error);
      // A full disk or a defect meets every batch that follows.
      const hopeless = severity === "critical" || !recoverable;
      if (hopeless || this.#options.mode === "all-or-nothing") {
        return { reason: "failed", error: failure.error };
      }
    }
    return failed + skipped > this.#options.skipLimit ? { reason: "skipLimit" } : undefined;
  }

  /** Names the items that will not be processed any more; an array can be read to its end. */
  async #abandon(source: BatchSource<Input>): Promise<void> {
    const { aborted } = this.#options.signal;
    if (Array.isArray(this.#input) && (aborted || this.#stop !== undefined)) {
      for await (const batch of source.rest()) this.#cancel(batch);
      this.#report();
    }
    const { cancelled, rolledBack } = this.#collector.counts;
    // A signal that fires when all is done has stopped nothing.
    if (aborted && (cancelled > 0 || rolledBack > 0 || !source.ended)) {
      this.#stop ??= { reason: "cancelled" };
    }
  }

  #cancel(batch: readonly BatchEntry<Input>[]): void {
    for (const entry of batch) this.#collector.add(entry, { status: "cancelled" });
  }

  #report(): void {
    const { total: done, succeeded, failed, skipped } = this.#collector.counts;
    const total = Array.isArray(this.#input) ? { total: this.#input.length } : {};
    const progress = { done, ...total, succeeded, failed, skipped };
    this.#tell({ type: "batch.progress", ...progress });
    this.#watch(() => this.#options.onProgress(progress));
  }

  #finish(): BatchResult<Result> {
    const durationMs = this.#tools.clock() - this.#startedAt;
    const result = this.#collector.result(this.#stop, durationMs);
    const { counts, retries, stopped } = result;
    const ending = stopped === undefined ? {} : { stopped };
    this.#tell({ type: "batch.completed", ...counts, durationMs, retries, ...ending });
    return result;
  }

  async #giveWay(): Promise<void> {
    if (this.#tools.clock() - this.#yieldedAt < yieldAfterMs) return;
    await yieldToOthers();
    this.#yieldedAt = this.#tools.clock();
  }

  #tell(event: BatchEvent): void {
    this.#watch(() => this.#tools.onEvent(event));
  }

  /** Watching must not change the outcome. */
  #watch(report: () => void): void {
    try {
      report();
    } catch {
      // The observer's own problem.
    }
  }
}
