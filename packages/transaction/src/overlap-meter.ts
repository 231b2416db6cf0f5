/** One sync of the log while it runs. */
export interface SyncInFlight {
  readonly begunAt: number;
  /** What this thread had worked in all when it began, in milliseconds. */
  readonly busyMsBefore: number;
  /** Whether another one was in flight at any time. */
  overlapped: boolean;
}

/**
 * Learns whether a device works on two syncs at once, as one behind a network
 * does, or on one after the other.
 *
 * Two syncs that wait for each other take longer than alone, together by the
 * time for which both were in flight; two that do not take no longer. The ratio
 * of that extra time to that common time is 1 for the former and 0 for the
 * latter, also when the device divides its attention.
 */
export interface OverlapMeter {
  /** True while it is worth it, and when it has to be tried. */
  pays(): boolean;
  begin(sync: SyncInFlight): void;
  /**
   * Told of every end; a sync is expected to take `usualMs` alone, and took
   * `extraMs` more.
   */
  end(sync: SyncInFlight, now: number, times: { usualMs: number; extraMs: number }): void;
}

/** Syncs that have the device to themselves before two are tried, and after that did not pay. */
const aloneAtFirst = 10;
const aloneAfterwards = 100;
/** Weight that the overlaps before the newest one keep. */
const remembered = 0.9;
/** Of the extra time, in common time. */
const extraMax = 0.5;
/** Nothing is concluded from less common time than so many usual syncs take. */
const evidence = 2;

/** Creates a meter that has seen no sync yet. */
export function createOverlapMeter(): OverlapMeter {
  const inFlight: SyncInFlight[] = [];
  let aloneLeft = aloneAtFirst;
  let extra = 0;
  let common = 0;
  return {
    pays: () => aloneLeft === 0,
    begin(sync) {
      inFlight.push(sync);
      if (inFlight.length > 1) for (const each of inFlight) each.overlapped = true;
    },
    end(sync, now, { usualMs, extraMs }) {
      inFlight.splice(inFlight.indexOf(sync), 1);
      if (!sync.overlapped) {
        aloneLeft = Math.max(0, aloneLeft - 1);
        return;
      }
      // A pause of the device says nothing: waiting for one sync cannot take longer than it.
      extra = remembered * extra + Math.min(Math.max(extraMs, -usualMs), usualMs);
      common *= remembered;
      for (const other of inFlight) common += now - Math.max(sync.begunAt, other.begunAt);
      if (common < evidence * usualMs || extra <= extraMax * common) return;
      aloneLeft = aloneAfterwards;
      extra = 0;
      common = 0;
    },
  };
}
