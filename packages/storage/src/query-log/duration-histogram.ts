/** Four buckets to each doubling: the middle of a bucket is within a tenth of all it holds. */
const bucketsPerDoubling = 4;

/** Durations below 2^-14 ms, about 61 ns, count as that long. */
const smallestExponent = -14;

/** Durations above 2^22 ms, about 70 minutes, count as that long. */
const largestExponent = 22;

const buckets = (largestExponent - smallestExponent) * bucketsPerDoubling;

/** Counts durations in buckets that grow by a fixed ratio; recording allocates nothing. */
export class DurationHistogram {
  readonly #counts = new Float64Array(buckets);
  #total = 0;

  /** One duration in milliseconds. What is no number counts as the shortest. */
  record(durationMs: number): void {
    const at = Math.floor((Math.log2(durationMs) - smallestExponent) * bucketsPerDoubling);
    // Written so that NaN, which compares with nothing, ends in the first bucket.
    const bucket = at > 0 ? Math.min(at, buckets - 1) : 0;
    this.#counts[bucket]! += 1;
    this.#total += 1;
  }

  /** Adds what another histogram has counted. */
  add(other: DurationHistogram): void {
    for (const [at, count] of other.#counts.entries()) this.#counts[at]! += count;
    this.#total += other.#total;
  }

  /** The duration that a share of all, 0 to 1, does not exceed; 0 when nothing was recorded. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return 2 ** (smallestExponent + (at + 0.5) / bucketsPerDoubling);
    }
    return 0;
  }
}
