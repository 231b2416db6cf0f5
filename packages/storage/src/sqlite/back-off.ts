/** Longest pause between two attempts, in milliseconds. */
const backOffMsMax = 50;

/** The first pause is at most this long, in milliseconds. */
const backOffMsFirst = 1;

/**
 * How long to pause before the next attempt: full jitter under a limit that
 * doubles with each attempt, so that waiting processes do not meet again.
 */
export function backOffMs(attempt: number, random: () => number): number {
  const limit = Math.min(backOffMsMax, backOffMsFirst * 2 ** Math.min(attempt, 16));
  return limit * random();
}
