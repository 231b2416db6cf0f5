import type { CacheStats } from "./cache-stats.ts";

/** How one entry is kept. */
export interface CacheEntryOptions {
  /** Milliseconds until it is forgotten, up to 31,536,000,000. Default: that of the cache. */
  readonly ttlMs?: number;
  /** Names it is dropped by, such as tables; up to 100. Default: none. */
  readonly tags?: readonly string[];
  /** Bytes it takes. Default: estimated. */
  readonly bytes?: number;
}

/** How a value is loaded that is not in the cache. */
export interface CacheLoadOptions<T = unknown> extends Omit<CacheEntryOptions, "bytes"> {
  /** Bytes a loaded value takes, or undefined not to keep it. Default: estimated. */
  readonly sizeOf?: (value: T) => number | undefined;
  /** True for what must not leave this process. Default: false. */
  readonly firstLevelOnly?: boolean;
}

/** Where something is dropped. */
export interface CacheInvalidateOptions {
  /** True when the second level cannot have it. Default: false. */
  readonly firstLevelOnly?: boolean;
}

/** One value to have in the cache before it is asked for. */
export interface CacheWarmEntry extends CacheLoadOptions {
  readonly key: string;
  readonly load: () => unknown;
}

/** How entries are loaded ahead. */
export interface CacheWarmOptions {
  /** Loads at a time, 1 to 100. Default: 4. */
  readonly concurrency?: number;
}

/** What loading ahead has done. */
export interface CacheWarmReport {
  readonly loaded: number;
  /** Those whose loader failed. */
  readonly failed: number;
}

/**
 * Values by key, within a budget of bytes: the least recently used ones leave
 * first. Values are handed out as they are and not copied, so nobody may
 * change them.
 *
 * What is invalidated is never answered again: from the moment `delete`,
 * `invalidate`, `invalidateTags` or `clear` is called, nobody who asks is given
 * a value from before it, not even one whose loading had begun. The promises of
 * these calls resolve when the second level has dropped it as well, and never
 * reject.
 *
 * Whoever loads a key gives it the same tags every time: a load that is shared
 * has those of the one who began it.
 *
 * Keys are of 1 to 4,096 characters.
 *
 * @throws {AtlasError} storage.cache_key_invalid
 */
export interface CacheManager {
  /** The value from the first level, or else the second one; undefined when none has it. */
  get<T>(key: string): Promise<T | undefined>;
  /** The value from the first level, at once. A miss is not counted. */
  peek<T>(key: string): T | undefined;
  /** Keeps a value, in both levels. */
  set(key: string, value: unknown, options?: CacheEntryOptions): Promise<void>;
  /**
   * The value, or what `loader` makes of it; many who ask for the same key at
   * a time share one run. What it throws goes to all of them and is not kept.
   */
  load<T>(
    key: string,
    loader: () => T | Promise<T>,
    options?: CacheLoadOptions<NoInfer<T>>,
  ): Promise<T>;
  /** Drops one key, read literally. */
  delete(key: string): Promise<void>;
  /**
   * Drops the keys that match: `task:42` one, `task:*` those that begin so,
   * `task:*:name` any in between. Only `*` has a meaning. Patterns are of 1 to
   * 256 characters.
   */
  invalidate(pattern: string): Promise<void>;
  /** Drops the entries with any of these tags. */
  invalidateTags(tags: Iterable<string>, options?: CacheInvalidateOptions): Promise<void>;
  /** Drops everything. */
  clear(): Promise<void>;
  /** Loads what is missing, a few at a time. What fails is counted and not thrown. */
  warm(entries: Iterable<CacheWarmEntry>, options?: CacheWarmOptions): Promise<CacheWarmReport>;
  /** Keeps at most `toBytes` from now on, and drops what is above at once. */
  shrink(toBytes: number): void;
  /** May keep up to `toBytes` again, but never more than its budget. */
  grow(toBytes: number): void;
  stats(): CacheStats;
}
