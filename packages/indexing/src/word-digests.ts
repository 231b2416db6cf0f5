/** A word of a search index at one place of one row. */
export interface PlacedWord {
  readonly word: string;
  readonly row: number;
  readonly column: string;
  readonly place: number;
}

/** Digests are sums modulo this: two of them still add up to an exact number. */
const modulus = 2 ** 52;

/**
 * A number for each row that stands for all its words with their places, in
 * whatever order they come: what is added by an index and taken away by its
 * table leaves 0 for every row on which both agree. A row that differs is
 * missed once in 2^52 times.
 */
export class WordDigests {
  readonly #sums = new Map<number, number>();
  readonly #columns = new Map<string, number>();
  #word: string | undefined;
  #low = 0;
  #high = 0;

  /** Adds (1) a word at a place, or takes it away (-1). */
  add({ word, row, column, place }: PlacedWord, sign: 1 | -1): void {
    // Words come in order: each is hashed once for all its places.
    if (word !== this.#word) [this.#low, this.#high] = hashOf((this.#word = word));
    const value = placed(this.#low, this.#high, place ^ this.#columnHash(column));
    const sum = (this.#sums.get(row) ?? 0) + (sign === 1 ? value : modulus - value);
    this.#sums.set(row, sum >= modulus ? sum - modulus : sum);
  }

  /** Rows on which the two sides do not agree, in order. */
  differing(): number[] {
    return [...this.#sums]
      .filter(([, sum]) => sum !== 0)
      .map(([row]) => row)
      .toSorted((a, b) => a - b);
  }

  clear(): void {
    this.#sums.clear();
  }

  /** Kept: there are few columns and very many places. */
  #columnHash(column: string): number {
    const known = this.#columns.get(column);
    if (known !== undefined) return known;
    const [low, high] = hashOf(column);
    this.#columns.set(column, low ^ high);
    return low ^ high;
  }
}

function hashOf(text: string): readonly [number, number] {
  let [low, high] = [0x811c9dc5, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
    high ^= high >>> 15;
  }
  return [low, high];
}

function placed(low: number, high: number, place: number): number {
  const first = mixed(low ^ mixed(place));
  const second = mixed(high ^ mixed(first + place));
  return (second >>> 6) * 2 ** 26 + (first >>> 6);
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
