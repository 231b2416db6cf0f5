import type { SqliteStore } from "../sqlite/sqlite-store.ts";
import type { ConsumerOptions } from "./cache-consumer.ts";
import type { MemoryConsumer } from "./memory-consumer.ts";

/** What it needs of a database. */
export type PagedDatabase = Pick<
  SqliteStore,
  "location" | "pool" | "cacheSizeKib" | "setCacheSize" | "releaseMemory"
>;

/** The least and the most a connection may cache, in KiB. */
const cacheSizeKib = { min: 64, max: 4_194_304 };

/**
 * Lets a memory manager decide how large the page caches of a SQLite database
 * may be. The share is divided among its connections, the writer and as many
 * readers as are open. SQLite does not tell how much they hold, so `bytes` is
 * what they may hold at most.
 */
export function databaseConsumer(
  database: PagedDatabase,
  options: ConsumerOptions = {},
): MemoryConsumer {
  const connections = (): number => database.pool.status().total + 1;
  const resize = (toBytes: number): void => {
    const kib = Math.floor(toBytes / 1024 / connections());
    database.setCacheSize(Math.min(cacheSizeKib.max, Math.max(cacheSizeKib.min, kib)));
  };
  return Object.freeze({
    name: options.name ?? database.location,
    weight: options.weight ?? 1,
    bytes: () => database.cacheSizeKib * 1024 * connections(),
    shrink: (toBytes: number) => {
      resize(toBytes);
      database.releaseMemory();
    },
    grow: resize,
  });
}
