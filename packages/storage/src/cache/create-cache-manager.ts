import { checkOptions } from "@atlas/errors";
import type {
  CacheEntryOptions,
  CacheInvalidateOptions,
  CacheLoadOptions,
  CacheManager,
  CacheWarmEntry,
  CacheWarmOptions,
  CacheWarmReport,
} from "./cache-manager.ts";
import {
  cacheSettingsOf,
  checkEntryOptions,
  checkLoadOptions,
  checkWarmOptions,
  type CacheManagerOptions,
} from "./cache-options.ts";
import { hitRateOf, newCounts, type CacheStats } from "./cache-stats.ts";
import { estimateBytes } from "./estimate-bytes.ts";
import { FirstLevel, type CacheEntry } from "./first-level.ts";
import { Flights, type Flight } from "./flights.ts";
import { byPattern, type Invalidation } from "./invalidation.ts";
import { requireKey } from "./key-pattern.ts";
import { SecondLevelGuard } from "./second-level-guard.ts";
import { warmWith } from "./warm-with.ts";

/** Milliseconds between attempts to clear a second level that missed an invalidation. */
const clearRetryMs = 1_000;

/** What every entry takes besides its value: key, slots in lists, tags. */
const entryOverheadBytes = 200;

/**
 * Makes an empty cache.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createCacheManager(options: CacheManagerOptions = {}): CacheManager {
  return new LeveledCache(options);
}

/** What is known of a load besides its key. */
interface Arrival {
  readonly ticket: string | undefined;
  readonly tags: readonly string[];
  readonly options: CacheLoadOptions;
}

class LeveledCache implements CacheManager {
  readonly #first: FirstLevel;
  readonly #second: SecondLevelGuard | undefined;
  readonly #ttlMs: number;
  readonly #flights = new Flights();
  readonly #counts = newCounts();

  constructor(options: CacheManagerOptions) {
    const { budgetBytes, entryBytesMax, ttlMs, clock, emit, ...settings } =
      cacheSettingsOf(options);
    this.#first = new FirstLevel({ budgetBytes, entryBytesMax, clock });
    this.#ttlMs = ttlMs;
    const { secondLevel: level, secondLevelTimeoutMs: timeoutMs } = settings;
    if (level === undefined) return;
    this.#second = new SecondLevelGuard({ level, timeoutMs, retryMs: clearRetryMs, clock, emit });
  }

  peek<T>(key: string): T | undefined {
    const entry = this.#first.get(key);
    if (entry === undefined) return undefined;
    this.#counts.hits += 1;
    // The caller says what it has put there.
    return entry.value as T;
  }

  async get<T>(key: string): Promise<T | undefined> {
    requireKey(key);
    const entry = this.#first.get(key);
    if (entry !== undefined) this.#counts.hits += 1;
    const value = entry === undefined ? await this.#askSecond(key) : entry.value;
    return value as T | undefined;
  }

  async set(key: string, value: unknown, options: CacheEntryOptions = {}): Promise<void> {
    requireKey(key);
    checkEntryOptions(options);
    const { tags = [] } = options;
    // A load that began before knows less than whoever sets the value.
    this.#flights.overtake({ kind: "key", key });
    const ttlMs = options.ttlMs ?? this.#ttlMs;
    this.#keep(key, { value, tags }, { bytes: options.bytes ?? estimateBytes(value), ttlMs });
    if (this.#second === undefined) return;
    // What another process has set must not be kept with what it was loaded from.
    await this.#second.invalidate({ kind: "key", key });
    const answer = await this.#second.get(key, tags);
    if (answer?.found !== false || this.#first.get(key)?.value !== value) return;
    await this.#second.set(key, value, { ticket: answer.ticket, tags, ...ttlOption(ttlMs) });
  }

  load<T>(
    key: string,
    loader: () => T | Promise<T>,
    options: CacheLoadOptions<T> = {},
  ): Promise<T> {
    try {
      requireKey(key);
      // Only values that this loader made go to its `sizeOf`.
      const how = options as CacheLoadOptions;
      checkLoadOptions(how);
      const entry = this.#first.get(key);
      if (entry !== undefined) {
        this.#counts.hits += 1;
        return Promise.resolve(entry.value as T);
      }
      const shared = this.#flights.get(key);
      if (shared !== undefined) {
        this.#counts.sharedLoads += 1;
        this.#counts.misses += 1;
        return shared as Promise<T>;
      }
      return this.#start(key, loader, how) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async delete(key: string): Promise<void> {
    requireKey(key);
    await this.#invalidate({ kind: "key", key });
  }

  async invalidate(pattern: string): Promise<void> {
    await this.#invalidate(byPattern(pattern));
  }

  async invalidateTags(
    tags: Iterable<string>,
    options: CacheInvalidateOptions = {},
  ): Promise<void> {
    checkOptions("cache.invalidateTags", options, { firstLevelOnly: "any" });
    const dropped: Invalidation = { kind: "tags", tags: new Set(tags) };
    if (options.firstLevelOnly === true) this.#dropHere(dropped);
    else await this.#invalidate(dropped);
  }

  async clear(): Promise<void> {
    await this.#invalidate({ kind: "all" });
  }

  async warm(
    entries: Iterable<CacheWarmEntry>,
    options: CacheWarmOptions = {},
  ): Promise<CacheWarmReport> {
    checkWarmOptions(options);
    return warmWith(this.#loadsOf(entries), options.concurrency ?? 4);
  }

  shrink(toBytes: number): void {
    this.#first.limit(Math.min(toBytes, this.#first.limitBytes));
  }

  grow(toBytes: number): void {
    this.#first.limit(Math.max(toBytes, this.#first.limitBytes));
  }

  stats(): CacheStats {
    const { evictions, invalidations, count, bytes, limitBytes, budgetBytes } = this.#first;
    const hitRate = hitRateOf(this.#counts);
    const counts = { ...this.#counts, evictions, invalidations, hitRate };
    return { ...counts, entries: count, bytes, limitBytes, budgetBytes };
  }

  *#loadsOf(entries: Iterable<CacheWarmEntry>): Generator<() => Promise<unknown>> {
    for (const { key, load, ...how } of entries) yield () => this.load(key, load, how);
  }

  /** In this process at once; the promise is about the second level. */
  #invalidate(invalidation: Invalidation): Promise<void> {
    this.#dropHere(invalidation);
    return this.#second?.invalidate(invalidation) ?? Promise.resolve();
  }

  #dropHere(invalidation: Invalidation): void {
    this.#flights.overtake(invalidation);
    switch (invalidation.kind) {
      case "key":
        this.#first.delete(invalidation.key);
        break;
      case "pattern":
        this.#first.deleteMatching(invalidation.matches);
        break;
      case "tags":
        for (const tag of invalidation.tags) this.#first.deleteTag(tag);
        break;
      case "all":
        this.#first.clear();
    }
  }

  #start(key: string, loader: () => unknown, options: CacheLoadOptions): Promise<unknown> {
    const { tags = [] } = options;
    this.#counts.misses += 1;
    return this.#flights.begin(key, tags, (flight) =>
      this.#fly(flight, loader, { ticket: undefined, tags, options }),
    );
  }

  async #fly(flight: Flight, loader: () => unknown, arrival: Arrival): Promise<unknown> {
    const { key } = flight;
    const { tags, options } = arrival;
    let ticket: string | undefined;
    if (this.#second !== undefined && options.firstLevelOnly !== true) {
      const answer = await this.#second.get(key, tags);
      // An entry with other tags was not seen by what was invalidated by them meanwhile.
      const known = answer?.found === true && answer.tags.every((tag) => tags.includes(tag));
      if (answer?.found === true && known && !flight.overtaken) {
        this.#counts.misses -= 1;
        this.#counts.secondLevelHits += 1;
        const entry = { value: answer.value, tags };
        const how = { ...options, ...ttlOption(answer.ttlMs) };
        this.#keep(key, entry, this.#sizeAndTime(answer.value, how));
        return answer.value;
      }
      if (answer?.found === false) ticket = answer.ticket;
    }
    this.#counts.loads += 1;
    const value = await loader();
    this.#land(flight, value, { ...arrival, ticket });
    return value;
  }

  #land(flight: Flight, value: unknown, { ticket, tags, options }: Arrival): void {
    if (flight.overtaken) {
      this.#counts.overtakenLoads += 1;
      return;
    }
    const how = this.#sizeAndTime(value, options);
    this.#keep(flight.key, { value, tags }, how);
    if (ticket === undefined || !Number.isFinite(how.bytes)) return;
    void this.#second?.set(flight.key, value, { ticket, tags, ...ttlOption(how.ttlMs) });
  }

  #sizeAndTime(value: unknown, options: CacheLoadOptions): { bytes: number; ttlMs: number } {
    const size = options.sizeOf === undefined ? estimateBytes(value) : options.sizeOf(value);
    return { bytes: size ?? Number.POSITIVE_INFINITY, ttlMs: options.ttlMs ?? this.#ttlMs };
  }

  #keep(
    key: string,
    entry: CacheEntry,
    { bytes, ttlMs }: { readonly bytes: number; readonly ttlMs: number },
  ): void {
    const whole = bytes + entryOverheadBytes + key.length * 2;
    this.#first.set(key, entry, { bytes: whole, ttlMs });
  }

  async #askSecond(key: string): Promise<unknown> {
    this.#counts.misses += 1;
    if (this.#second === undefined) return undefined;
    // Its tags are not known yet, so whatever is invalidated meanwhile may have dropped it.
    const question = this.#flights.ask(key);
    const answer = await this.#second.get(key, undefined);
    this.#flights.end(question);
    if (answer?.found !== true || question.overtaken) return undefined;
    this.#counts.misses -= 1;
    this.#counts.secondLevelHits += 1;
    const { value, tags } = answer;
    // Whoever loads the key at present knows at least as much.
    if (this.#flights.get(key) === undefined)
      this.#keep(key, { value, tags }, this.#sizeAndTime(value, ttlOption(answer.ttlMs)));
    return value;
  }
}

function ttlOption(ttlMs: number | undefined): { readonly ttlMs?: number } {
  return ttlMs === undefined || ttlMs === 0 ? {} : { ttlMs };
}
