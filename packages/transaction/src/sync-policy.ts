/**
 * Decides, from what syncs and transactions lately cost, when a group starts,
 * how large it is and which thread syncs it. Pure: it is told every time and
 * duration.
 *
 * The population is everybody in sight: who waits for the writer and who waits
 * for a sync.
 */
export interface SyncPolicy {
  /** True when a lone commit is cheaper to sync here than on another thread. */
  blockingPays(): boolean;
  /**
   * True when a group should start although a sync is in flight: `waiting` are
   * as many as belong in one group, or would take at least as long to run as
   * the sync still needs.
   */
  startsNow(waiting: number, population: number, syncRunningMs: number): boolean;
  /**
   * How many of a population should share the next commit: half of it when
   * running all takes longer than a sync, so that one half runs while the
   * other is synced.
   */
  groupSize(population: number): number;
  recordSyncStart(): void;
  recordSync(durationMs: number): void;
  recordGroup(members: number, durationMs: number): void;
  recordCommit(durationMs: number): void;
}

/** Weight of the newest sample in the moving averages. */
const smoothing = 0.2;
/** One sync counts as at most so many usual ones: disks pause now and then. */
const outlier = 4;
/** No sync is expected to be faster than this. */
const syncMsMin = 0.02;

/** Creates a policy; `blockingMaxMs` is the bound below which blocking pays. */
export function createSyncPolicy(blockingMaxMs: number): SyncPolicy {
  let syncMs: number | undefined;
  let memberMs = 0.015;
  let commitMs = 0.05;
  let busyMs = 0;
  let latestWasSlow = false;
  // A second commit has to cost less than the wait that it saves.
  const halvesPay = (population: number): boolean =>
    syncMs !== undefined && syncMs > commitMs && population * memberMs > syncMs;
  const groupSize = (population: number): number =>
    halvesPay(population) ? Math.ceil(population / 2) : population;
  return {
    // The first sync goes to the other thread: nothing is known of the device yet. So do
    // those after a slow one, as beside a checkpoint, until one was fast again.
    blockingPays: () => syncMs !== undefined && syncMs < blockingMaxMs && !latestWasSlow,
    startsNow: (waiting, population, syncRunningMs) =>
      waiting >= groupSize(population) || waiting * memberMs >= (syncMs ?? 0) - syncRunningMs,
    groupSize,
    recordSyncStart() {
      busyMs = 0;
    },
    recordSync(durationMs) {
      // The end of a sync on the other thread is noticed when this thread is
      // done with a group. So what is known is a range, and an average inside
      // it is as good as it was.
      const sample = Math.min(Math.max(syncMs ?? 0, durationMs - busyMs), durationMs);
      latestWasSlow = sample >= blockingMaxMs;
      const usual = Math.max(syncMs ?? durationMs, syncMsMin);
      syncMs = usual + smoothing * (Math.min(sample, outlier * usual) - usual);
    },
    recordGroup(members, durationMs) {
      busyMs += durationMs;
      memberMs += smoothing * (durationMs / members - memberMs);
    },
    recordCommit(durationMs) {
      busyMs += durationMs;
      commitMs += smoothing * (durationMs - commitMs);
    },
  };
}
