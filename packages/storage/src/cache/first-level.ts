import { LRUCache } from "lru-cache";

/** One value as it is kept. */
export interface CacheEntry {
  readonly value: unknown;
  readonly tags: readonly string[];
}

/** How large the first level may be, and what the time is. */
export interface FirstLevelOptions {
  readonly budgetBytes: number;
  readonly entryBytesMax: number;
  readonly clock: () => number;
}

/** An entry in its place. */
interface Kept extends CacheEntry {
  readonly key: string;
  readonly bytes: number;
  /** Dropped, and only not yet taken out. */
  dead: boolean;
}

/** A tag with more entries has them taken out in turns of the event loop, so many at a time. */
const sweepMax = 1_000;

/** The entries of this process, with the way from a tag to what it drops. */
export class FirstLevel {
  readonly budgetBytes: number;
  readonly #options: FirstLevelOptions;
  #entries: LRUCache<string, Kept>;
  #byTag = new Map<string, Set<Kept>>();
  #dead = { count: 0, bytes: 0 };
  #sweeping: Kept[] = [];
  #limitBytes: number;
  evictions = 0;
  invalidations = 0;

  constructor(options: FirstLevelOptions) {
    this.budgetBytes = options.budgetBytes;
    this.#options = options;
    this.#limitBytes = options.budgetBytes;
    this.#entries = this.#newEntries();
  }

  get count(): number {
    return this.#entries.size - this.#dead.count;
  }

  get bytes(): number {
    return this.#entries.calculatedSize - this.#dead.bytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get(key: string): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    return entry?.dead === true ? undefined : entry;
  }

  /** Keeps an entry; one that is too large drops the one before and is not kept. */
  set(
    key: string,
    { value, tags }: CacheEntry,
    how: { readonly bytes: number; readonly ttlMs: number },
  ): void {
    if (how.bytes > Math.min(this.#limitBytes, this.#options.entryBytesMax)) {
      this.#entries.delete(key);
      return;
    }
    const bytes = Math.max(1, Math.ceil(how.bytes));
    const entry: Kept = { key, value, tags, bytes, dead: false };
    this.#entries.set(key, entry, { size: bytes, ttl: how.ttlMs });
    for (const tag of tags) {
      const tagged = this.#byTag.get(tag);
      if (tagged === undefined) this.#byTag.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
    this.#evictTo(this.#limitBytes);
  }

  delete(key: string): void {
    if (this.#entries.peek(key)?.dead === false) this.invalidations += 1;
    this.#entries.delete(key);
  }

  deleteMatching(matches: (key: string) => boolean): void {
    const dropped = [...this.#entries.keys()].filter(matches);
    for (const key of dropped) this.delete(key);
  }

  /** At once for whoever asks; taking many entries out would hold up the event loop. */
  deleteTag(tag: string): void {
    const tagged = this.#byTag.get(tag);
    if (tagged === undefined) return;
    if (tagged.size <= sweepMax) {
      for (const { key } of tagged) this.delete(key);
      return;
    }
    this.#byTag.delete(tag);
    for (const entry of tagged) this.#kill(entry);
    if (this.#sweeping.length === 0) setImmediate(() => this.#sweep()).unref();
    this.#sweeping = this.#sweeping.concat([...tagged]);
  }

  clear(): void {
    this.invalidations += this.count;
    // The old ones are left to the garbage collector: taking out each takes long.
    this.#entries = this.#newEntries();
    this.#byTag = new Map();
    this.#dead = { count: 0, bytes: 0 };
    this.#sweeping = [];
  }

  /** Sets what it may hold at most; what is above leaves. */
  limit(bytes: number): void {
    this.#limitBytes = Math.min(this.budgetBytes, Math.max(0, Math.floor(bytes)));
    this.#evictTo(this.#limitBytes);
  }

  #newEntries(): LRUCache<string, Kept> {
    const { budgetBytes, entryBytesMax, clock } = this.#options;
    return new LRUCache({
      maxSize: budgetBytes,
      maxEntrySize: entryBytesMax,
      // The library takes an entry of time 0 for one without an end.
      perf: { now: () => clock() + 1 },
      // Otherwise the time of an entry would be kept by a timer of the library.
      ttlResolution: 0,
      dispose: (entry, _key, reason) => {
        if (reason === "evict" && !entry.dead) this.evictions += 1;
        this.#forget(entry);
      },
    });
  }

  #kill(entry: Kept): void {
    if (entry.dead) return;
    entry.dead = true;
    this.invalidations += 1;
    this.#dead.count += 1;
    this.#dead.bytes += entry.bytes;
  }

  #sweep(): void {
    for (const entry of this.#sweeping.splice(-sweepMax)) {
      if (this.#entries.peek(entry.key) === entry) this.#entries.delete(entry.key);
    }
    if (this.#sweeping.length > 0) setImmediate(() => this.#sweep()).unref();
  }

  #evictTo(bytes: number): void {
    while (this.bytes > bytes) this.#entries.pop();
  }

  #forget(entry: Kept): void {
    if (entry.dead) {
      this.#dead.count -= 1;
      this.#dead.bytes -= entry.bytes;
    }
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
  }
}
