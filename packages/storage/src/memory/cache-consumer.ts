import type { CacheManager } from "../cache/cache-manager.ts";
import type { MemoryConsumer } from "./memory-consumer.ts";

/** How a consumer appears to the manager. */
export interface ConsumerOptions {
  /** Default: "cache", or the location of the database. */
  readonly name?: string;
  /** Default: 1. */
  readonly weight?: number;
}

/** Lets a memory manager decide how much a cache may hold, up to the cache's own budget. */
export function cacheConsumer(cache: CacheManager, options: ConsumerOptions = {}): MemoryConsumer {
  const { name = "cache", weight = 1 } = options;
  return Object.freeze({
    name,
    weight,
    bytesMax: cache.stats().budgetBytes,
    bytes: () => cache.stats().bytes,
    shrink: (toBytes: number) => cache.shrink(toBytes),
    grow: (toBytes: number) => cache.grow(toBytes),
  });
}
