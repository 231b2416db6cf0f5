/** One side of a comparison: does one operation, and resolves when it is done. */
export type Operation = (round: number) => Promise<unknown> | unknown;

/** Operations per second of both sides, and how much faster the first one is. */
export interface Comparison {
  readonly atlas: number;
  readonly peer: number;
  /** Median of the ratios of the rounds: what slows a round down slows both sides of it. */
  readonly ratio: number;
}

const rounds = 60;
const roundMs = 50;
const loopLength = 1_000;

/**
 * Runs both sides in turns, so that whatever else the machine does meets both.
 * The first rounds warm up and do not count.
 */
export async function compare(atlas: Operation, peer: Operation): Promise<Comparison> {
  const results: { readonly atlas: number; readonly peer: number }[] = [];
  for (let round = -5; round < rounds; round += 1) {
    // Whoever comes first in a round may find the machine in another state.
    const first = round % 2 === 0 ? await measure(atlas) : undefined;
    const other = await measure(peer);
    const result = { atlas: first ?? (await measure(atlas)), peer: other };
    if (round >= 0) results.push(result);
  }
  return {
    atlas: median(results.map((result) => result.atlas)),
    peer: median(results.map((result) => result.peer)),
    ratio: median(results.map((result) => result.atlas / result.peer)),
  };
}

async function measure(operation: Operation): Promise<number> {
  // What answers at once is not made to pay for a promise.
  const loop = operation(1) instanceof Promise ? loopAwaiting : loopAtOnce;
  const startedAt = performance.now();
  let operations = 0;
  while (performance.now() - startedAt < roundMs) operations = await loop(operation, operations);
  return (operations * 1_000) / (performance.now() - startedAt);
}

async function loopAwaiting(operation: Operation, done: number): Promise<number> {
  for (let n = 1; n <= loopLength; n += 1) await operation(done + n);
  return done + loopLength;
}

function loopAtOnce(operation: Operation, done: number): number {
  for (let n = 1; n <= loopLength; n += 1) void operation(done + n);
  return done + loopLength;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
