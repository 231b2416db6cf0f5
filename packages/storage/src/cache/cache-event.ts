/** What a cache tells its observer. */
export type CacheEvent = SecondLevelFailedEvent | SecondLevelRestoredEvent;

/** A call to the second level failed or took too long. No reader was failed by it. */
export interface SecondLevelFailedEvent {
  readonly type: "second_level_failed";
  readonly operation: "get" | "set" | "invalidate" | "clear";
  readonly error: unknown;
  /** True when it may hold what was invalidated: it is not asked until it was cleared. */
  readonly suspended: boolean;
}

/** The second level was cleared after a failed invalidation, and is asked again. */
export interface SecondLevelRestoredEvent {
  readonly type: "second_level_restored";
}
