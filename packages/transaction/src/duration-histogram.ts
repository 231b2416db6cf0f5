/** Durations of one kind, in milliseconds; quantiles are within a tenth of what was measured. */
export interface DurationSummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Four buckets to each doubling: the middle of a bucket is within a tenth of all it holds. */
const bucketsPerDoubling = 4;
/** Durations below 2^-14 ms, about 61 ns, count as that long. */
const smallestExponent = -14;
/** Durations above 2^22 ms, about 70 minutes, count as that long. */
const largestExponent = 22;
const buckets = (largestExponent - smallestExponent) * bucketsPerDoubling;

/** Durations that are noted before they are put into buckets. */
const noted = 64;

/**
 * Counts durations in buckets that grow by a fixed ratio: bounded, and
 * recording allocates nothing.
 *
 * Durations are noted one after the other and put into buckets many at a time.
 * After a wait for the disk nothing of this is in the processor's caches: each
 * time it would be as slow as a statement.
 *
 * @internal
 */
export class DurationHistogram {
  readonly #noted = new Float64Array(noted);
  #notedCount = 0;
  readonly #counts = new Float64Array(buckets);
  #count = 0;
  #sum = 0;
  #max = 0;

  record(durationMs: number): void {
    this.#noted[this.#notedCount] = durationMs;
    this.#notedCount += 1;
    if (this.#notedCount === noted) this.#countNoted();
  }

  summary(): DurationSummary {
    this.#countNoted();
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
      max: this.#max,
    };
  }

  #countNoted(): void {
    for (const durationMs of this.#noted.subarray(0, this.#notedCount)) this.#countOne(durationMs);
    this.#notedCount = 0;
  }

  #countOne(durationMs: number): void {
    const at = Math.floor((Math.log2(durationMs) - smallestExponent) * bucketsPerDoubling);
    // Zero has no logarithm that is a number above the first bucket.
    this.#counts[at > 0 ? Math.min(at, buckets - 1) : 0]! += 1;
    this.#count += 1;
    this.#sum += durationMs;
    if (durationMs > this.#max) this.#max = durationMs;
  }

  #quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      // The middle of the last bucket may lie above everything in it.
      if (seen >= rank)
        return Math.min(2 ** (smallestExponent + (at + 0.5) / bucketsPerDoubling), this.#max);
    }
    return 0;
  }
}
