import { createOverlapMeter, type SyncInFlight } from "./overlap-meter.ts";

/**
 * Decides, from what syncs and transactions lately cost, when a group starts,
 * how large it is, which thread syncs it and whether beside another sync. Pure:
 * it is told every time and duration.
 *
 * The population is everybody in sight: who waits for the writer and who waits
 * for a sync.
 */
export interface SyncPolicy {
  /** True when a lone commit is cheaper to sync here than on another thread. */
  blockingPays(): boolean;
  /** True when a sync may begin while another one is in flight. */
  overlapPays(): boolean;
  /**
   * True when a group should start although no sync could begin for it: `waiting` are
   * as many as belong in one group, or would take at least as long to run as
   * the sync still needs.
   */
  startsNow(waiting: number, population: number, syncRunningMs: number): boolean;
  /**
   * How many of a population should share the next commit: half of it when one
   * half then runs, or is synced, while the other is synced, and everybody
   * otherwise.
   */
  groupSize(population: number): number;
  /** A sync begins; the answer is handed back at its end. */
  syncBegins(now: number): SyncInFlight;
  syncEnds(sync: SyncInFlight, now: number): void;
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
  const overlap = createOverlapMeter();
  // A second commit has to cost less than the wait that it saves: of a half, for the other one.
  const halvesPay = (population: number): boolean => {
    if (syncMs === undefined || syncMs <= commitMs) return false;
    const savedMs = population * memberMs;
    return savedMs > syncMs || (overlap.pays() && savedMs > 2 * commitMs);
  };
  const groupSize = (population: number): number =>
    halvesPay(population) ? Math.ceil(population / 2) : population;
  return {
    // The first sync goes to the other thread: nothing is known of the device yet. So do
    // those after a slow one, as beside a checkpoint, until one was fast again.
    blockingPays: () => syncMs !== undefined && syncMs < blockingMaxMs && !latestWasSlow,
    overlapPays: () => overlap.pays(),
    startsNow: (waiting, population, syncRunningMs) =>
      waiting >= groupSize(population) || waiting * memberMs >= (syncMs ?? 0) - syncRunningMs,
    groupSize,
    syncBegins(now) {
      const sync = { begunAt: now, busyMsBefore: busyMs, overlapped: false };
      overlap.begin(sync);
      return sync;
    },
    syncEnds(sync, now) {
      const durationMs = now - sync.begunAt;
      // The end of a sync on the other thread is noticed when this thread is
      // done with a group. So what is known is a range, and an average inside
      // it is as good as it was.
      const noticedLateMs = busyMs - sync.busyMsBefore;
      const sample = Math.min(Math.max(syncMs ?? 0, durationMs - noticedLateMs), durationMs);
      const usual = Math.max(syncMs ?? durationMs, syncMsMin);
      overlap.end(sync, now, { usualMs: usual, extraMs: sample - usual });
      // How long a sync takes is learnt from those that had the device to themselves.
      if (sync.overlapped) return;
      latestWasSlow = sample >= blockingMaxMs;
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
