/**
 * Decides, from what syncs and transactions lately cost, when a group starts
 * and which thread syncs it. Pure: it is told every time and duration.
 */
export interface SyncPolicy {
  /** True when a lone commit is cheaper to sync here than on another thread. */
  blockingPays(): boolean;
  /**
   * True when a group of `waiting` transactions would take at least as long to
   * run as the sync in flight still needs, so that starting now costs nobody
   * a larger group.
   */
  startsNow(waiting: number, syncRunningMs: number): boolean;
  recordSync(durationMs: number, blocking: boolean): void;
  recordGroup(members: number, durationMs: number): void;
}

/** Weight of the newest sample in the moving averages. */
const smoothing = 0.2;
/** After a sync that was much too slow for this thread, so many go elsewhere. */
const syncsAfterSlowOne = 16;

/** Creates a policy; `blockingMaxMs` is the bound below which blocking pays. */
export function createSyncPolicy(blockingMaxMs: number): SyncPolicy {
  let syncMs: number | undefined;
  let memberMs = 0.015;
  let elsewhere = 0;
  return {
    // The first sync goes to the other thread: nothing is known of the device yet.
    blockingPays: () => syncMs !== undefined && syncMs < blockingMaxMs && elsewhere === 0,
    startsNow: (waiting, syncRunningMs) => waiting * memberMs >= (syncMs ?? 0) - syncRunningMs,
    recordSync(durationMs, blocking) {
      syncMs = syncMs === undefined ? durationMs : syncMs + smoothing * (durationMs - syncMs);
      if (blocking && durationMs > 3 * blockingMaxMs) elsewhere = syncsAfterSlowOne;
      else if (elsewhere > 0) elsewhere -= 1;
    },
    recordGroup(members, durationMs) {
      memberMs += smoothing * (durationMs / members - memberMs);
    },
  };
}
