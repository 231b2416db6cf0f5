import { AdaptiveController } from "./adaptive/adaptive-controller.ts";
import type { BatchCheckpoint, CheckpointRun } from "./batch-checkpoint.ts";
import type { BatchCoordinatorOptions } from "./batch-coordinator-options.ts";
import type { BatchProgress } from "./batch-event.ts";
import type { BatchJob, BatchJobState, BatchSettings } from "./batch-job.ts";
import type { BatchWorkload } from "./batch-operation.ts";
import type { ResolvedBatchOptions } from "./batch-options.ts";
import type { BatchEntry } from "./batch-processor.ts";
import type { BatchResult } from "./batch-result.ts";
import { type BatchInput, BatchSource } from "./batch-source.ts";
import { BatchWorker } from "./batch-worker.ts";
import { batchError } from "./errors.ts";
import { JobReporter } from "./job-reporter.ts";
import { LiveSettings } from "./live-settings.ts";
import { yieldToOthers } from "./pause.ts";
import { ResultCollector, type Stop } from "./result-collector.ts";
import { isRetryItems } from "./retry-items.ts";
import { WorkGate } from "./work-gate.ts";

/** Milliseconds of uninterrupted work after which timers and input get a turn. */
const yieldAfterMs = 10;
/** Items that are named as cancelled at a time. */
const cancelledPerRead = 1_000;

/** What is to be done, and with what. */
export interface BatchWork<Input, Item, Result, Transaction> {
  readonly input: BatchInput<Input>;
  readonly operation: BatchWorkload<Item, Result, Transaction>;
  /** The number of the job. */
  readonly job: number;
}

/** One call of `process` or `start`, from the input to the result. */
export class JobRun<Input, Item, Result, Transaction> implements BatchJob<Result, Input> {
  readonly result: Promise<BatchResult<Result, Input>>;
  readonly #work: BatchWork<Input, Item, Result, Transaction>;
  readonly #options: ResolvedBatchOptions<Input, Item, Transaction>;
  readonly #tools: Required<BatchCoordinatorOptions>;
  readonly #collector: ResultCollector<Result, Input>;
  readonly #reporter: JobReporter;
  readonly #settings: LiveSettings;
  readonly #controller: AdaptiveController | undefined;
  readonly #worker: BatchWorker<Input, Item, Result, Transaction>;
  readonly #gate: WorkGate;
  readonly #canceller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #startedAt: number;
  #checkpoint: CheckpointRun<Transaction> | undefined;
  #yieldedAt: number;
  #ended = false;
  #stop: Stop | undefined;

  constructor(
    work: BatchWork<Input, Item, Result, Transaction>,
    options: ResolvedBatchOptions<Input, Item, Transaction>,
    tools: Required<BatchCoordinatorOptions>,
  ) {
    this.#work = work;
    this.#options = options;
    this.#tools = tools;
    this.#startedAt = tools.clock();
    this.#yieldedAt = this.#startedAt;
    this.#collector = new ResultCollector(options);
    const { name, onProgress, signal } = options;
    const source = { job: work.job, ...(name === undefined ? {} : { name }) };
    const observers = { source, onEvent: tools.onEvent, onProgress };
    this.#reporter = new JobReporter(observers, totalOf(work.input), this.#startedAt);
    this.#settings = new LiveSettings(options);
    this.#controller = controllerOf(options, tools);
    if (this.#controller !== undefined) Object.assign(this.#settings, this.#controller.setting);
    this.#gate = new WorkGate(() => this.#settings.concurrency);
    const own = this.#canceller.signal;
    this.#signal = signal === undefined ? own : AbortSignal.any([own, signal]);
    this.#signal.addEventListener("abort", () => this.#gate.wake(), { once: true });
    this.#worker = new BatchWorker({
      options,
      operation: work.operation,
      tools,
      signal: this.#signal,
      collector: this.#collector,
      reporter: this.#reporter,
      settings: this.#settings,
      controller: this.#controller,
    });
    this.result = this.#run();
  }

  get progress(): BatchProgress {
    return this.#reporter.progress;
  }

  get state(): BatchJobState {
    if (this.#ended) return "ended";
    return this.#gate.paused ? "paused" : "running";
  }

  get settings(): BatchJob<Result, Input>["settings"] {
    const { batchSize, concurrency } = this.#settings;
    return { batchSize, concurrency };
  }

  async pause(): Promise<void> {
    if (this.state === "running") {
      this.#gate.paused = true;
      this.#reporter.tell({ type: "batch.paused" });
    }
    await this.#gate.quiet();
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.#reporter.resumed(this.#tools.clock());
    this.#reporter.tell({ type: "batch.resumed" });
    this.#gate.paused = false;
  }

  configure(settings: BatchSettings): void {
    if (this.#ended) {
      throw batchError("batch.job_ended", "A job that has ended cannot be configured any more.");
    }
    const { retry, batchSize, concurrency, skipLimit } = this.#settings;
    const options = this.#settings.change(settings);
    try {
      if (settings.adaptive !== undefined) this.#controller?.configure(settings.adaptive);
    } catch (error) {
      Object.assign(this.#settings, { retry, batchSize, concurrency, skipLimit });
      throw error;
    }
    if (this.#controller !== undefined) Object.assign(this.#settings, this.#controller.setting);
    this.#reporter.tell({ type: "batch.configured", options });
    this.#gate.wake();
  }

  cancel(reason?: unknown): void {
    if (!this.#ended) this.#canceller.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    // Whoever asked for the result is told; here only the end matters.
    await this.result.then(
      () => undefined,
      () => undefined,
    );
  }

  async #run(): Promise<BatchResult<Result, Input>> {
    try {
      this.#checkpoint = await this.#begin(this.#options.checkpoint);
      const { mode, strategy } = this.#options;
      const { batchSize, concurrency } = this.#settings;
      this.#reporter.tell({ type: "batch.started", mode, strategy, batchSize, concurrency });
      await this.#read().finally(() => this.#checkpoint?.end());
      return this.#finish();
    } finally {
      this.#ended = true;
      this.#gate.wake();
    }
  }

  async #begin(
    checkpoint: BatchCheckpoint<Transaction> | undefined,
  ): Promise<CheckpointRun<Transaction> | undefined> {
    const run = await checkpoint?.begin();
    if (run !== undefined) {
      this.#worker.checkpoint = run;
      this.#collector.carry(run);
      this.#reporter.carried(this.#collector.counts);
    }
    return run;
  }

  async #read(): Promise<void> {
    const checkpoint = this.#checkpoint;
    const source = new BatchSource(this.#work.input, {
      keyOf: this.#options.keyOf,
      signal: this.#signal,
      ...(checkpoint === undefined ? {} : { admit: (entry) => checkpoint.admit(entry) }),
    });
    try {
      if (this.#options.mode === "all-or-nothing") await this.#workAtOnce(source);
      else await this.#dispatch(source);
      if (source.ended) this.#guard("inputFailed", () => checkpoint?.inputEnded());
      await this.#abandon(source);
    } finally {
      source.close();
    }
  }

  /** Begins batch after batch, as many at a time as the settings of the moment allow. */
  async #dispatch(source: BatchSource<Input>): Promise<void> {
    const ended = (): boolean => this.#stop !== undefined || this.#signal.aborted;
    // What a caller's own `retry.when`, or a reading, throws: no item's fate can be told then.
    const defects: unknown[] = [];
    for (;;) {
      await this.#gate.room(ended);
      const batch = ended() ? undefined : await this.#next(source, this.#settings.batchSize);
      if (batch === undefined) break;
      // A slow input may have let a pause, or a stop, go by.
      await this.#gate.room(ended);
      if (ended()) {
        await this.#cancel(batch);
        break;
      }
      this.#gate.enter();
      void this.#process(batch)
        .catch((error: unknown) => {
          defects.push(error);
          this.#stop ??= { reason: "failed", error };
        })
        .finally(() => this.#gate.leave());
      await this.#giveWay();
    }
    await this.#gate.quiet();
    if (defects.length > 0) throw defects[0];
  }

  /** Takes everything, and begins only when the input has ended well. */
  async #workAtOnce(source: BatchSource<Input>): Promise<void> {
    const { itemsMax } = this.#options;
    // One item more than allowed is enough to know that there are too many.
    const batch = await this.#next(source, itemsMax + 1);
    if (batch === undefined) return;
    if (batch.length > itemsMax) {
      throw batchError(
        "batch.too_many_items",
        `More than ${itemsMax} items were given to be processed all or nothing.`,
        { details: { itemsMax } },
      );
    }
    await this.#next(source, 1);
    await this.#gate.room(() => this.#stop !== undefined || this.#signal.aborted);
    if (this.#stop !== undefined) return this.#cancel(batch);
    this.#gate.enter();
    await this.#process(batch).finally(() => this.#gate.leave());
  }

  async #next(source: BatchSource<Input>, size: number): Promise<BatchEntry<Input>[] | undefined> {
    try {
      return await source.next(size);
    } catch (error) {
      this.#stop ??= { reason: "inputFailed", error };
      return undefined;
    }
  }

  async #process(batch: readonly BatchEntry<Input>[]): Promise<void> {
    const stop = await this.#worker.process(batch, this.#gate.running);
    this.#stop ??= stop;
  }

  /** Names the items that will not be processed any more; a list can be read to its end. */
  async #abandon(source: BatchSource<Input>): Promise<void> {
    const { aborted } = this.#signal;
    const isList = totalOf(this.#work.input) !== undefined;
    if (isList && (aborted || this.#stop !== undefined)) {
      try {
        for await (const batch of source.rest(cancelledPerRead)) {
          await this.#cancel(batch);
        }
      } catch (error) {
        this.#stop ??= { reason: "inputFailed", error };
      }
      this.#reporter.report(this.#collector.counts, this.#tools.clock());
    }
    const { cancelled, rolledBack } = this.#collector.counts;
    // A signal that fires when all is done has stopped nothing.
    if (aborted && (cancelled > 0 || rolledBack > 0 || !source.ended)) {
      this.#stop ??= { reason: "cancelled" };
    }
  }

  async #cancel(batch: readonly BatchEntry<Input>[]): Promise<void> {
    for (const entry of batch) this.#collector.add(entry, { status: "cancelled" });
    const stop = await this.#worker.handOutCancelled(batch);
    this.#stop ??= stop;
  }

  #guard(reason: Stop["reason"], act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#stop ??= { reason, error };
    }
  }

  #finish(): BatchResult<Result, Input> {
    const { name } = this.#options;
    const durationMs = this.#tools.clock() - this.#startedAt;
    const result = this.#collector.result(this.#stop, durationMs);
    const { counts, retries, stopped } = result;
    if (name !== undefined && this.#controller !== undefined) {
      this.#tools.history.remember(name, this.#controller.best);
    }
    const ending = stopped === undefined ? {} : { stopped };
    this.#reporter.tell({ type: "batch.completed", ...counts, durationMs, retries, ...ending });
    return result;
  }

  async #giveWay(): Promise<void> {
    if (this.#tools.clock() - this.#yieldedAt < yieldAfterMs) return;
    await yieldToOthers();
    this.#yieldedAt = this.#tools.clock();
  }
}

function totalOf(input: object): number | undefined {
  if (Array.isArray(input)) return input.length;
  return isRetryItems(input) ? input.entries.length : undefined;
}

function controllerOf(
  { name, strategy, mode, adaptive, batchSize }: ResolvedBatchOptions<never, never, never>,
  { history }: Required<BatchCoordinatorOptions>,
): AdaptiveController | undefined {
  if (strategy !== "adaptive" || mode === "all-or-nothing") return undefined;
  const learned = name === undefined ? undefined : history.recall(name);
  return new AdaptiveController(
    adaptive,
    learned ?? { batchSize, concurrency: adaptive.concurrencyStart },
  );
}
