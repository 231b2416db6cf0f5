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

/**
 * Counts durations in buckets that grow by a fixed ratio: bounded, and
 * recording allocates nothing.
 *
 * @internal
 */
export class DurationHistogram {
  readonly #counts = new Float64Array(buckets);
  #count = 0;
  #sum = 0;
  #max = 0;

  record(durationMs: number): void {
    const at = Math.floor((Math.log2(durationMs) - smallestExponent) * bucketsPerDoubling);
    // Zero has no logarithm that is a number above the first bucket.
    this.#counts[at > 0 ? Math.min(at, buckets - 1) : 0]! += 1;
    this.#count += 1;
    this.#sum += durationMs;
    if (durationMs > this.#max) this.#max = durationMs;
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
      max: this.#max,
    };
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
