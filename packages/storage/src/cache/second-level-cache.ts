/**
 * A cache that several processes share, such as one on a server. It may fail
 * or be slow at any time; a `CacheManager` then goes on without it.
 *
 * Values come back equal to what was set, and are not shared with whoever set
 * them. The rule behind everything: once an invalidation has resolved, no `get`
 * of any process answers with a value that was loaded before it. A `set` is
 * therefore bound to a ticket, taken before the value is loaded, and is ignored
 * when anything that covers the key was invalidated since. Redis would keep a
 * version per tag and one for patterns, and the ticket would list them.
 */
export interface SecondLevelCache {
  /**
   * The entry, or a ticket to set one with these tags. An entry is answered only
   * when none of its tags was invalidated since its ticket.
   */
  get(key: string, tags: readonly string[]): Promise<SecondLevelAnswer>;
  /** Keeps a value, unless its ticket has become void. */
  set(key: string, value: unknown, options: SecondLevelSetOptions): Promise<void>;
  /** Drops one key, read literally. */
  delete(key: string): Promise<void>;
  /** Drops the keys that match; only `*` has a meaning. */
  invalidate(pattern: string): Promise<void>;
  /** Drops the entries with any of these tags. */
  invalidateTags(tags: readonly string[]): Promise<void>;
  /** Drops everything. */
  clear(): Promise<void>;
}

/** What the second level knows of a key. */
export type SecondLevelAnswer =
  | {
      readonly found: true;
      readonly value: unknown;
      readonly tags: readonly string[];
      /** Milliseconds it may still be kept; absent when there is no end. */
      readonly ttlMs?: number;
    }
  | { readonly found: false; readonly ticket: string };

/** How a value is kept in the second level. */
export interface SecondLevelSetOptions {
  /** From the `get` before the value was loaded, with the same tags. */
  readonly ticket: string;
  readonly tags: readonly string[];
  /** Milliseconds until it is forgotten; absent when there is no end. */
  readonly ttlMs?: number;
}
