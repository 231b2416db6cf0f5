/**
 * Keys from 1 to `keys`, of which the k-th most frequent one occurs in
 * proportion to 1/k. The same seed makes the same sequence, and which keys are
 * frequent does not follow their order.
 */
export function zipfKeys({
  count,
  keys,
  seed,
}: {
  readonly count: number;
  readonly keys: number;
  readonly seed: number;
}): Uint32Array {
  const random = generator(seed);
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let rank = 1; rank <= keys; rank += 1) sums[rank - 1] = sum += 1 / rank;
  const drawn = new Uint32Array(count);
  for (let n = 0; n < count; n += 1) drawn[n] = keyOfRank(rankAt(sums, random() * sum), keys);
  return drawn;
}

/** The first rank whose sum is not below `at`. */
function rankAt(sums: Float64Array, at: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A prime that is coprime to the number of keys visits each of them once.
function keyOfRank(rank: number, keys: number): number {
  return ((rank * 7_919) % keys) + 1;
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
