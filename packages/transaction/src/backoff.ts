import { fullJitterMs } from "./full-jitter.ts";

/** Longest pause between two attempts, in milliseconds. */
export const backoffMaxMs = 8;
/** From this attempt on the pauses are short again. */
export const impatientAttempt = 8;

const patient = { pauseMs: 1, pauseMaxMs: backoffMaxMs };
const impatient = { pauseMs: 2, pauseMaxMs: 2 };

/**
 * How long to wait for another process before attempt number `attempt` (from 0),
 * in milliseconds. The bound stays small, because a write lock is held for about
 * a millisecond; and it shrinks for those that have waited long, because the
 * lock goes to whoever asks at the right moment, and they would be overtaken by
 * newcomers for ever.
 */
export function backoffMs(attempt: number, random: () => number): number {
  return fullJitterMs(attempt + 2, attempt < impatientAttempt ? patient : impatient, random);
}
