import type { Counter } from "./metrics-registry.ts";

/** A counter in one number, exact up to 2^53. */
export class SumCounter implements Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  add(amount = 1): void {
    if (Number.isFinite(amount) && amount >= 0) this.#value += amount;
  }
}
