/** Longest pause between two attempts, in milliseconds. */
export const backoffMaxMs = 8;
/** From this attempt on the pauses are short again. */
export const impatientAttempt = 8;

const impatientMaxMs = 2;

/**
 * How long to wait before attempt number `attempt` (from 0), in milliseconds.
 *
 * Full jitter after Marc Brooker, "Exponential Backoff and Jitter" (AWS
 * Architecture Blog, 2015): a uniform pick below a growing bound, which keeps
 * processes that collided once from colliding again. The bound stays small,
 * because a write lock is held for about a millisecond; and it shrinks for
 * those that have waited long, because the lock goes to whoever asks at the
 * right moment, and they would be overtaken by newcomers for ever.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const bound = attempt < impatientAttempt ? 2 ** attempt : impatientMaxMs;
  return random() * Math.min(bound, backoffMaxMs);
}
