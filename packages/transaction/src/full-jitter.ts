/** How pauses between attempts grow. @internal */
export interface Pauses {
  /** Bound of the first pause, in milliseconds. */
  readonly pauseMs: number;
  /** Largest bound, in milliseconds. */
  readonly pauseMaxMs: number;
}

/**
 * The pause before attempt number `attempt` (from 2), in milliseconds: a uniform
 * pick below a bound that doubles each time ("full jitter", Marc Brooker,
 * "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), which keeps
 * those that collided once from colliding again.
 *
 * @internal
 */
export function fullJitterMs(
  attempt: number,
  { pauseMs, pauseMaxMs }: Pauses,
  random: () => number,
): number {
  // 2 ** 1024 is infinite, and infinity times nothing is no number.
  const doublings = Math.min(Math.max(attempt - 2, 0), 52);
  return random() * Math.min(pauseMs * 2 ** doublings, pauseMaxMs);
}
