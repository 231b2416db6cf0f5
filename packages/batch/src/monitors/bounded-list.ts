/** The newest so many values. */
export class BoundedList<Value> {
  readonly #lengthMax: number;
  readonly #values: Value[] = [];
  #next = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  push(value: Value): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#lengthMax;
  }

  /** The oldest first. */
  toArray(): readonly Value[] {
    if (this.#values.length < this.#lengthMax) return [...this.#values];
    return [...this.#values.slice(this.#next), ...this.#values.slice(0, this.#next)];
  }
}
