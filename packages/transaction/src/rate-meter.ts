/** Whole seconds that are remembered. */
const windowSeconds = 10;

/**
 * Counts what happens per second over the last ten whole seconds. Pure: it is
 * told the time, in milliseconds that only ever grow.
 *
 * @internal
 */
export class RateMeter {
  readonly #counts = new Float64Array(windowSeconds + 1);
  readonly #first: number;
  #second: number;

  constructor(now: number) {
    this.#first = Math.floor(now / 1000);
    this.#second = this.#first;
  }

  record(now: number): void {
    this.#advance(Math.floor(now / 1000));
    this.#counts[this.#second % this.#counts.length]! += 1;
  }

  /** Leaves out the second that is not over; 0 before the first one is. */
  perSecond(now: number): number {
    this.#advance(Math.floor(now / 1000));
    const seconds = Math.min(windowSeconds, this.#second - this.#first);
    if (seconds === 0) return 0;
    const running = this.#counts[this.#second % this.#counts.length]!;
    return (this.#counts.reduce((sum, count) => sum + count, 0) - running) / seconds;
  }

  /** Empties the place of each second that has begun since the last call. */
  #advance(second: number): void {
    if (second === this.#second) return;
    const from = Math.max(this.#second + 1, second - windowSeconds);
    for (let at = from; at <= second; at += 1) this.#counts[at % this.#counts.length] = 0;
    this.#second = second;
  }
}
