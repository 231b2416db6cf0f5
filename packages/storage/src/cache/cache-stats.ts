/** What has happened to a cache since it was made, and what it holds. */
export interface CacheStats {
  /** Answers from the first level. */
  readonly hits: number;
  /** Answers from the second level. */
  readonly secondLevelHits: number;
  /** Questions that no level could answer, shared loads included. */
  readonly misses: number;
  /** Runs of loaders. */
  readonly loads: number;
  /** Questions answered by the loader somebody else had started. */
  readonly sharedLoads: number;
  /** Loads whose result was out of date before it arrived, and was not kept. */
  readonly overtakenLoads: number;
  /** Entries that left for want of room. */
  readonly evictions: number;
  /** Entries of the first level dropped by invalidation. */
  readonly invalidations: number;
  /** Part of the questions that a level answered, 0 to 1; 0 before the first one. */
  readonly hitRate: number;
  readonly entries: number;
  readonly bytes: number;
  /** Bytes it may hold at present. */
  readonly limitBytes: number;
  /** Bytes it may ever hold. */
  readonly budgetBytes: number;
}

/** Counts as they are kept. */
export interface CacheCounts {
  hits: number;
  secondLevelHits: number;
  misses: number;
  loads: number;
  sharedLoads: number;
  overtakenLoads: number;
}

/** Counts of a cache nobody has asked yet. */
export function newCounts(): CacheCounts {
  return { hits: 0, secondLevelHits: 0, misses: 0, loads: 0, sharedLoads: 0, overtakenLoads: 0 };
}

/** Part of the questions that a level answered. */
export function hitRateOf({ hits, secondLevelHits, misses }: CacheCounts): number {
  const answered = hits + secondLevelHits;
  return answered === 0 ? 0 : answered / (answered + misses);
}
