import type { BatchEvent, BatchEventSource, BatchProgress } from "./batch-event.ts";
import type { BatchCounts } from "./batch-result.ts";
import { ProgressMeter } from "./progress-meter.ts";

/** An event of a job, before it is said of which one. */
export type JobEvent = BatchEvent extends infer Event
  ? Event extends BatchEvent
    ? Omit<Event, keyof BatchEventSource>
    : never
  : never;

/** Who watches a job. */
export interface JobObservers {
  readonly source: BatchEventSource;
  readonly onEvent: (event: BatchEvent) => void;
  readonly onProgress: (progress: BatchProgress) => void;
}

/** Tells observers what happens; watching must not change the outcome. */
export class JobReporter {
  readonly #observers: JobObservers;
  readonly #total: number | undefined;
  readonly #meter: ProgressMeter;
  #done = 0;
  #progress: BatchProgress;

  constructor(observers: JobObservers, total: number | undefined, now: number) {
    this.#observers = observers;
    this.#total = total;
    this.#meter = new ProgressMeter(now);
    this.#progress = this.#progressOf({ total: 0, succeeded: 0, failed: 0, skipped: 0 });
  }

  get progress(): BatchProgress {
    return this.#progress;
  }

  tell(event: JobEvent): void {
    // The parts of a union that were taken apart by Omit, put together again.
    const whole = { ...this.#observers.source, ...event } as BatchEvent;
    watch(() => this.#observers.onEvent(whole));
  }

  /** What an earlier run has done was not done at today's speed. */
  carried(counts: Tally): void {
    this.#done = counts.total;
    this.#progress = this.#progressOf(counts);
  }

  report(counts: Tally, now: number): void {
    this.#meter.add(counts.total - this.#done, now);
    this.#done = counts.total;
    this.#progress = this.#progressOf(counts);
    this.tell({ type: "batch.progress", ...this.#progress });
    watch(() => this.#observers.onProgress(this.#progress));
  }

  /** The time of a pause is nobody's speed. */
  resumed(now: number): void {
    this.#meter.skip(now);
  }

  #progressOf({ total: done, succeeded, failed, skipped }: Tally): BatchProgress {
    const total = this.#total;
    const itemsPerSecond = this.#meter.itemsPerSecond;
    const known = total !== undefined && itemsPerSecond !== undefined && itemsPerSecond > 0;
    return {
      done,
      ...(total === undefined ? {} : { total }),
      succeeded,
      failed,
      skipped,
      ...(itemsPerSecond === undefined ? {} : { itemsPerSecond }),
      ...(known ? { remainingMs: (Math.max(0, total - done) / itemsPerSecond) * 1_000 } : {}),
    };
  }
}

type Tally = Pick<BatchCounts, "total" | "succeeded" | "failed" | "skipped">;

function watch(report: () => void): void {
  try {
    report();
  } catch {
    // The observer's own problem.
  }
}
