import type { AdaptiveSignals } from "./adaptive-decision.ts";

/** What one batch has shown. */
export interface BatchSample {
  readonly items: number;
  readonly durationMs: number;
  /** Items that were tried again or rolled back. */
  readonly troubled: number;
  /** True when, as it began, there was as much in work as there was room for, and all of it alike. */
  readonly clean: boolean;
}

/** Batches that are measured at least, and the time that they have to span. */
const batchesMin = 8;
const spanMsMin = 5;
/** So many times as many batches as are needed, without enough of them that tell something. */
const batchesOfStarved = 4;
/** Batches after which a setting is judged when its share of the best rate leaves no doubt. */
const batchesOfObvious = 3;
const hopelessMax = 0.6;
const obviousMin = 1.4;

/**
 * Measures one setting. The rate follows from Little's law: with `concurrency`
 * batches always in work, throughput is what they hold divided by the mean time
 * of a batch. So a few batches are enough, and a change of setting costs no pause.
 */
export class MeasurementWindow {
  readonly #concurrency: number;
  #all = 0;
  #batches = 0;
  #items = 0;
  #seen = 0;
  #troubled = 0;
  #durationMs = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  add({ items, durationMs, troubled, clean }: BatchSample): void {
    this.#all += 1;
    this.#seen += items;
    this.#troubled += troubled;
    // Beside batches of the setting before, or with an input that is slower than the
    // work, a batch tells nothing of its own setting.
    if (!clean) return;
    this.#batches += 1;
    this.#items += items;
    this.#durationMs += durationMs;
  }

  /** True when it can be compared with `rate`, the best one known. */
  isComplete(rate: number | undefined): boolean {
    if (this.spanMs < spanMsMin) return false;
    if (this.#batches >= Math.max(batchesMin, this.#concurrency)) return true;
    if (this.#batches < batchesOfObvious || rate === undefined) return false;
    // What is far behind, or far ahead, after a few batches need not be waited for.
    const share = this.#itemsPerSecond() / rate;
    return share < hopelessMax || share > obviousMin;
  }

  /** True each time that many batches came and went without enough that tell something. */
  get isStarved(): boolean {
    return this.#all % (batchesOfStarved * Math.max(batchesMin, this.#concurrency)) === 0;
  }

  /** About how long it has been open. */
  get spanMs(): number {
    return this.#durationMs / this.#concurrency;
  }

  /** Rate and latency are 0 when it was starved. */
  read(): Pick<AdaptiveSignals, "itemsPerSecond" | "latencyMs" | "errorRate"> {
    return {
      itemsPerSecond: this.#durationMs === 0 ? 0 : this.#itemsPerSecond(),
      latencyMs: this.#batches === 0 ? 0 : this.#durationMs / this.#batches,
      errorRate: Math.min(1, this.#troubled / this.#seen),
    };
  }

  #itemsPerSecond(): number {
    return (this.#concurrency * this.#items * 1_000) / this.#durationMs;
  }
}
