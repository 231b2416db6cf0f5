import { checkOptions, type OptionRules } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { CacheEvent } from "./cache-event.ts";
import type { CacheEntryOptions, CacheLoadOptions, CacheWarmOptions } from "./cache-manager.ts";
import type { SecondLevelCache } from "./second-level-cache.ts";

/** How `createCacheManager` makes a cache. */
export interface CacheManagerOptions {
  /** Most bytes in this process, as estimated, 64 KiB to 64 GiB. Default: 64 MiB. */
  readonly budgetBytes?: number;
  /** Larger values are not kept, from 1 KiB. Default: an eighth of the budget. */
  readonly entryBytesMax?: number;
  /** Milliseconds until an entry is forgotten, up to 31,536,000,000; 0 for never. Default: 0. */
  readonly ttlMs?: number;
  /** Asked for what this process does not have. Default: none. */
  readonly secondLevel?: SecondLevelCache;
  /** Longest wait for an answer of the second level in milliseconds, 1 to 60,000. Default: 100. */
  readonly secondLevelTimeoutMs?: number;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Receives what happens. Errors it throws are ignored. Default: nobody does. */
  readonly onEvent?: (event: CacheEvent) => void;
}

/** Every option with its value. */
export interface CacheSettings {
  readonly budgetBytes: number;
  readonly entryBytesMax: number;
  readonly ttlMs: number;
  readonly secondLevel: SecondLevelCache | undefined;
  readonly secondLevelTimeoutMs: number;
  readonly clock: () => number;
  readonly emit: (event: CacheEvent) => void;
}

/** Most tags of one entry. */
const tagsMax = 100;

const ttlRange = { min: 1, max: 31_536_000_000 };

const entryRules: OptionRules<CacheEntryOptions> = {
  ttlMs: ttlRange,
  tags: "any",
  bytes: { min: 0, max: Number.MAX_SAFE_INTEGER },
};

const loadRules: OptionRules<CacheLoadOptions> = {
  ttlMs: ttlRange,
  tags: "any",
  sizeOf: "any",
  firstLevelOnly: "any",
};

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
export function cacheSettingsOf(options: CacheManagerOptions): CacheSettings {
  checkOptions<CacheManagerOptions>("createCacheManager", options, {
    budgetBytes: { min: 64 * 1024, max: 64 * 1024 ** 3 },
    entryBytesMax: { min: 1024, max: 64 * 1024 ** 3 },
    ttlMs: { min: 0, max: ttlRange.max },
    secondLevel: "any",
    secondLevelTimeoutMs: { min: 1, max: 60_000 },
    clock: "any",
    onEvent: "any",
  });
  const { budgetBytes = 64 * 1024 ** 2, onEvent } = options;
  return {
    budgetBytes,
    entryBytesMax: Math.min(budgetBytes, options.entryBytesMax ?? Math.floor(budgetBytes / 8)),
    ttlMs: options.ttlMs ?? 0,
    secondLevel: options.secondLevel,
    secondLevelTimeoutMs: options.secondLevelTimeoutMs ?? 100,
    clock: options.clock ?? (() => performance.now()),
    emit: emitterOf(onEvent),
  };
}

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
export function checkEntryOptions(options: CacheEntryOptions): void {
  checkOptions("cache.set", options, entryRules);
  checkTags(options.tags);
}

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
export function checkLoadOptions(options: CacheLoadOptions): void {
  // The rules are gone through only when one could be broken: this is on the way of every load.
  let strange = options.ttlMs !== undefined;
  for (const name in options) strange ||= !Object.hasOwn(loadRules, name);
  if (strange) checkOptions("cache.load", options, loadRules);
  checkTags(options.tags);
}

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option */
export function checkWarmOptions(options: CacheWarmOptions): void {
  checkOptions<CacheWarmOptions>("cache.warm", options, { concurrency: { min: 1, max: 100 } });
}

function checkTags(tags: readonly string[] = []): void {
  if (tags.length <= tagsMax) return;
  throw storageError(
    "configuration.invalid_option",
    `An entry of the cache has at most ${tagsMax} tags, not ${tags.length}.`,
    { details: { option: "tags", tags: tags.length, tagsMax } },
  );
}

function emitterOf(onEvent: CacheManagerOptions["onEvent"]): (event: CacheEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // An observer is told, not asked.
    }
  };
}
