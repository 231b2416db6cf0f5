/** One side of a comparison: does one operation, and resolves when it is done. */
export type Operation = (round: number) => unknown;

/** How long a comparison takes. */
export interface Pace {
  readonly rounds: number;
  /** Each side runs at least this long in each round. */
  readonly roundMs: number;
  /** Operations between two looks at the clock. */
  readonly loopLength: number;
}

/** Operations per second of both sides, and how much faster the first one is. */
export interface Comparison {
  readonly atlas: number;
  readonly peer: number;
  /** Median of the ratios of the rounds: what slows a round down slows both sides of it. */
  readonly ratio: number;
}

const warmUpRounds = 5;

/**
 * Runs both sides in turns, so that whatever else the machine does meets both.
 * The first rounds warm up and do not count.
 */
export async function compare(atlas: Operation, peer: Operation, pace: Pace): Promise<Comparison> {
  return compareRounds(
    () => measure(atlas, pace),
    () => measure(peer, pace),
    pace.rounds,
  );
}

/** The same for sides that measure themselves: each returns operations per second. */
export async function compareRounds(
  atlas: () => Promise<number>,
  peer: () => Promise<number>,
  rounds: number,
): Promise<Comparison> {
  const results: { readonly atlas: number; readonly peer: number }[] = [];
  for (let round = -Math.min(warmUpRounds, rounds >> 2); round < rounds; round += 1) {
    // Whoever comes first in a round may find the machine in another state.
    const first = round % 2 === 0 ? await atlas() : undefined;
    const other = await peer();
    const result = { atlas: first ?? (await atlas()), peer: other };
    if (round >= 0) results.push(result);
  }
  return {
    atlas: median(results.map((result) => result.atlas)),
    peer: median(results.map((result) => result.peer)),
    ratio: median(results.map((result) => result.atlas / result.peer)),
  };
}

async function measure(operation: Operation, pace: Pace): Promise<number> {
  // What answers at once is not made to pay for a promise.
  const loop = operation(1) instanceof Promise ? loopAwaiting : loopAtOnce;
  const startedAt = performance.now();
  let operations = 0;
  while (performance.now() - startedAt < pace.roundMs) {
    await loop(operation, operations, pace.loopLength);
    operations += pace.loopLength;
  }
  return (operations * 1_000) / (performance.now() - startedAt);
}

async function loopAwaiting(operation: Operation, done: number, length: number): Promise<void> {
  for (let n = 1; n <= length; n += 1) await operation(done + n);
}

function loopAtOnce(operation: Operation, done: number, length: number): void {
  for (let n = 1; n <= length; n += 1) void operation(done + n);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
