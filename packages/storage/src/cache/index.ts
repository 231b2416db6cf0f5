// What was read, kept until a commit changes it.
export type {
  CacheEntryOptions,
  CacheInvalidateOptions,
  CacheLoadOptions,
  CacheManager,
  CacheWarmEntry,
  CacheWarmOptions,
  CacheWarmReport,
} from "./cache-manager.ts";
export type {
  CacheEvent,
  SecondLevelFailedEvent,
  SecondLevelRestoredEvent,
} from "./cache-event.ts";
export type { CacheManagerOptions } from "./cache-options.ts";
export type { CacheStats } from "./cache-stats.ts";
export { createCacheManager } from "./create-cache-manager.ts";
export { createQueryCache, type QueryCacheOptions } from "./create-query-cache.ts";
export { estimateBytes } from "./estimate-bytes.ts";
export type { QueryCache, WarmFromOptions } from "./query-cache.ts";
export type {
  SecondLevelAnswer,
  SecondLevelCache,
  SecondLevelSetOptions,
} from "./second-level-cache.ts";

// Memory, divided among those who keep things in it.
export { cacheConsumer, type ConsumerOptions } from "../memory/cache-consumer.ts";
export type { CgroupPaths } from "../memory/cgroup.ts";
export { createMemoryManager, type MemoryManagerOptions } from "../memory/create-memory-manager.ts";
export type { MemoryConsumer } from "../memory/memory-consumer.ts";
export type {
  ConsumerFailedEvent,
  ConsumerResizedEvent,
  MemoryEvent,
  MemoryManager,
  MemoryPressure,
  MemoryPressureEvent,
  MemoryReading,
  MemoryShare,
  MemoryStatus,
} from "../memory/memory-manager.ts";
export { readMemory } from "../memory/read-memory.ts";
