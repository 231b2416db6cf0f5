/**
 * A histogram whose quantiles are at most 1 % wrong.
 *
 * Algorithm: DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable
 * Quantile Sketch with Relative-Error Guarantees", PVLDB 12(12), 2019), with
 * its dense store over a fixed range. Bucket `i` holds the values in
 * (γ^(i-1), γ^i] with γ = (1 + α) / (1 - α); its representative
 * 2γ^i / (γ + 1) is within α of each of them.
 *
 * The bound holds between `valueMin` and `valueMax`. Values below, 0 included,
 * share one bucket that stands for the exact minimum (an absolute error below
 * `valueMin`); values above share the last one, which stands for the exact
 * maximum. In milliseconds that is from a microsecond to eleven days.
 */
import type { Histogram } from "./metrics-registry.ts";

const relativeError = 0.01;
const gamma = (1 + relativeError) / (1 - relativeError);
const logGamma = Math.log(gamma);

const valueMin = 1e-3;
const valueMax = 1e9;
const indexMin = Math.ceil(Math.log(valueMin) / logGamma);
const indexMax = Math.ceil(Math.log(valueMax) / logGamma);

/** One for each power of γ in range, one below and one above. */
const bucketCount = indexMax - indexMin + 3;

/** Memory per histogram: about 11 kB, from the first value on. */
export class LogBucketHistogram implements Histogram {
  #buckets: Float64Array | undefined;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    if (!Number.isFinite(value) || value < 0) return;
    this.#buckets ??= new Float64Array(bucketCount);
    const bucket = bucketOf(value);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** The value of rank `share * (count - 1)`; 0 while there is none. */
  quantile(share: number): number {
    const rank = share * (this.#count - 1);
    let seen = 0;
    for (const [bucket, count] of (this.#buckets ?? []).entries()) {
      seen += count;
      if (seen > rank) return this.#representativeOf(bucket);
    }
    return this.#max;
  }

  #representativeOf(bucket: number): number {
    if (bucket === 0) return this.#min;
    if (bucket === bucketCount - 1) return this.#max;
    const middle = (2 * gamma ** (bucket - 1 + indexMin)) / (gamma + 1);
    // The true value lies between the extremes, so this can only bring it nearer.
    return Math.min(this.#max, Math.max(this.#min, middle));
  }
}

function bucketOf(value: number): number {
  if (value < valueMin) return 0;
  if (value > valueMax) return bucketCount - 1;
  return Math.ceil(Math.log(value) / logGamma) - indexMin + 1;
}
