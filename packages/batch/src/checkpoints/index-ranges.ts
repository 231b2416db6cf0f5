/**
 * A set of positions, kept as ranges: what is done of a long input is one range
 * from the beginning and a few islands, however long the input is.
 */
export class IndexRanges {
  /** Starts and ends (exclusive) in turn, ascending, none touching the next. */
  readonly #bounds: number[];

  /** @throws {RangeError} when the text was not made by `toString` */
  static parse(text: string): IndexRanges {
    const bounds = text === "" ? [] : text.split(/[-,]/).map(Number);
    const ascending = bounds.every(
      (bound, at) =>
        Number.isSafeInteger(bound) && bound >= 0 && (at === 0 || bound > bounds[at - 1]!),
    );
    const ranges = new IndexRanges(bounds);
    if (!ascending || bounds.length % 2 !== 0 || ranges.toString() !== text) {
      throw new RangeError("The text does not describe ranges.");
    }
    return ranges;
  }

  constructor(bounds: readonly number[] = []) {
    this.#bounds = [...bounds];
  }

  /** How many ranges there are. */
  get length(): number {
    return this.#bounds.length / 2;
  }

  /** Every position below this one is in the set. */
  get prefix(): number {
    return this.#bounds[0] === 0 ? this.#bounds[1]! : 0;
  }

  has(index: number): boolean {
    // An odd number of bounds at or below it: the last of them opened a range.
    return this.#boundsUpTo(index) % 2 === 1;
  }

  /** Adds one position; false when it was there already. */
  add(index: number): boolean {
    const at = this.#boundsUpTo(index);
    if (at % 2 === 1) return false;
    const joinsBefore = at > 0 && this.#bounds[at - 1] === index;
    const joinsAfter = this.#bounds[at] === index + 1;
    if (joinsBefore && joinsAfter) this.#bounds.splice(at - 1, 2);
    else if (joinsBefore) this.#bounds[at - 1] = index + 1;
    else if (joinsAfter) this.#bounds[at] = index;
    else this.#bounds.splice(at, 0, index, index + 1);
    return true;
  }

  /** As text: `0-500,600-700`. */
  toString(): string {
    const ranges: string[] = [];
    for (let at = 0; at < this.#bounds.length; at += 2) {
      ranges.push(`${this.#bounds[at]}-${this.#bounds[at + 1]}`);
    }
    return ranges.join(",");
  }

  /** How many bounds are not above the index. */
  #boundsUpTo(index: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#bounds[middle]! <= index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
