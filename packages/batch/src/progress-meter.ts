/** Time over which the rate is smoothed, in milliseconds. */
const smoothingMs = 5_000;

/**
 * Items per second as an exponentially weighted moving average over time: what
 * was done long ago counts less, however unevenly batches come in.
 */
export class ProgressMeter {
  #measuredAt: number;
  #measuredMs = 0;
  #pending = 0;
  #sum = 0;

  constructor(now: number) {
    this.#measuredAt = now;
  }

  add(items: number, now: number): void {
    this.#pending += items;
    const elapsedMs = now - this.#measuredAt;
    if (elapsedMs <= 0) return;
    const kept = Math.exp(-elapsedMs / smoothingMs);
    this.#sum = this.#sum * kept + (this.#pending / elapsedMs) * 1_000 * (1 - kept);
    this.#pending = 0;
    this.#measuredAt = now;
    this.#measuredMs += elapsedMs;
  }

  /** Time in which nothing was to be done does not count. */
  skip(now: number): void {
    this.#measuredAt = now;
  }

  /** Undefined until some time has gone by. */
  get itemsPerSecond(): number | undefined {
    if (this.#measuredMs === 0) return undefined;
    // Divided by the weight there is so far: an average that begins at zero is too low at first.
    return this.#sum / (1 - Math.exp(-this.#measuredMs / smoothingMs));
  }
}
