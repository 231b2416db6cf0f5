import type { SecondLevelCache } from "@atlas/storage/cache";
import type { SecondLevelBench } from "@atlas/storage/testing";

interface Kept {
  readonly value: unknown;
  readonly tags: readonly string[];
  readonly ticket: string;
  readonly endsAt: number;
}

/** A second level in memory, built as one over Redis would be: with versions. */
export function sharedMemory(): SecondLevelBench {
  const entries = new Map<string, Kept>();
  const versions = new Map<string, number>();
  let now = 0;
  const raise = (name: string): unknown => versions.set(name, (versions.get(name) ?? 0) + 1);
  const ticketOf = (key: string, tags: readonly string[]): string =>
    ["patterns", `key ${key}`, ...tags.map((tag) => `tag ${tag}`)]
      .map((name) => `${versions.get(name) ?? 0}`)
      .join();
  const level: SecondLevelCache = {
    async get(key, tags) {
      const kept = entries.get(key);
      const valid = kept !== undefined && kept.ticket === ticketOf(key, kept.tags);
      if (!valid || kept.endsAt <= now) return { found: false, ticket: ticketOf(key, tags) };
      const rest = kept.endsAt === Infinity ? {} : { ttlMs: kept.endsAt - now };
      return { found: true, value: structuredClone(kept.value), tags: kept.tags, ...rest };
    },
    async set(key, value, { ticket, tags, ttlMs }) {
      if (ticket !== ticketOf(key, tags)) return;
      const endsAt = ttlMs === undefined ? Infinity : now + ttlMs;
      entries.set(key, { value: structuredClone(value), tags, ticket, endsAt });
    },
    async delete(key) {
      raise(`key ${key}`);
      entries.delete(key);
    },
    async invalidate(pattern) {
      const parts = pattern.split("*").map((part) => part.replaceAll(/[^\w:]/g, "\\$&"));
      const matching = new RegExp(`^${parts.join(".*")}$`);
      for (const key of entries.keys()) if (matching.test(key)) entries.delete(key);
      // No ticket of before is good for any key; what is kept is given a new one.
      raise("patterns");
      for (const [key, kept] of entries) {
        entries.set(key, { ...kept, ticket: ticketOf(key, kept.tags) });
      }
    },
    async invalidateTags(tags) {
      for (const tag of tags) raise(`tag ${tag}`);
    },
    async clear() {
      entries.clear();
      raise("patterns");
    },
  };
  return {
    connect: async () => level,
    advance: async (ms) => void (now += ms),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
