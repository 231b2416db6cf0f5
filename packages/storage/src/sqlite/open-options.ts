import { checkOptions, type OptionRange } from "@atlas/errors";
import { storageError } from "../errors.ts";
import type { StorageEvent } from "../events.ts";

/** How {@link openSqlite} opens a file. */
export interface OpenSqliteOptions {
  /**
   * Marks files of this program, 1 to 2,147,483,647. An empty file is stamped
   * with it; a file with another mark, or with tables and none, is refused.
   * Default: files are neither stamped nor told apart.
   */
  readonly applicationId?: number;
  /**
   * `full`: what is acknowledged survives a power failure. `relaxed`: it
   * survives a crash of the program; a power failure may take the last moments.
   * Default: "full".
   */
  readonly durability?: "full" | "relaxed";
  /** Readers of the pool, 1 to 64. Default: 4. */
  readonly readers?: number;
  /** Longest wait for a free reader in milliseconds, up to 3,600,000. Default: 30,000. */
  readonly acquireTimeoutMs?: number;
  /** Reads that may wait for a reader, up to 100,000. Default: 1,000. */
  readonly readsWaitingMax?: number;
  /**
   * Longest wait for the write lock in milliseconds, up to 3,600,000; also for
   * opening while others hold the file. Default: 30,000.
   */
  readonly writeTimeoutMs?: number;
  /** Writes that may wait for their turn, up to 100,000. Default: 10,000. */
  readonly writesWaitingMax?: number;
  /** A reader is replaced after this many reads of several statements. Default: 100,000. */
  readonly readerUsesMax?: number;
  /** A reader is replaced at this age in milliseconds. Default: 3,600,000. */
  readonly readerAgeMsMax?: number;
  /** Prepared statements kept per connection, 8 to 10,000. Default: 256. */
  readonly statementCacheMax?: number;
  /** Page cache per connection in KiB, 64 to 4,194,304. Default: 16,384. */
  readonly cacheSizeKib?: number;
  /** Receives what happens. Errors it throws are ignored. Default: nobody does. */
  readonly onEvent?: (event: StorageEvent) => void;
  /** Statements that run longer are reported, in milliseconds, up to 3,600,000. Default: 100. */
  readonly slowQueryMs?: number;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The options that always have a value. */
export type SqliteSettings = Required<Omit<OpenSqliteOptions, "applicationId" | "onEvent">> &
  Pick<OpenSqliteOptions, "applicationId" | "onEvent">;

/** The defaults of {@link OpenSqliteOptions}. */
export const sqliteDefaults: Readonly<SqliteSettings> = Object.freeze({
  durability: "full",
  readers: 4,
  acquireTimeoutMs: 30_000,
  readsWaitingMax: 1_000,
  writeTimeoutMs: 30_000,
  writesWaitingMax: 10_000,
  readerUsesMax: 100_000,
  readerAgeMsMax: 3_600_000,
  statementCacheMax: 256,
  cacheSizeKib: 16_384,
  slowQueryMs: 100,
  clock: () => performance.now(),
  random: () => Math.random(),
});

/** Readers a pool may have. */
export const readersRange: OptionRange = Object.freeze({ min: 1, max: 64 });

/** Milliseconds that somebody may wait. */
export const waitRange: OptionRange = Object.freeze({ min: 0, max: 3_600_000 });

/**
 * Checks options and fills in the defaults.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function settingsOf(options: OpenSqliteOptions): SqliteSettings {
  checkOptions<OpenSqliteOptions>("openSqlite", options, {
    applicationId: { min: 1, max: 0x7fff_ffff },
    durability: "any",
    readers: readersRange,
    acquireTimeoutMs: waitRange,
    readsWaitingMax: { min: 0, max: 100_000 },
    writeTimeoutMs: waitRange,
    writesWaitingMax: { min: 0, max: 100_000 },
    readerUsesMax: { min: 1, max: Number.MAX_SAFE_INTEGER },
    readerAgeMsMax: { min: 1, max: Number.MAX_SAFE_INTEGER },
    statementCacheMax: { min: 8, max: 10_000 },
    cacheSizeKib: { min: 64, max: 4_194_304 },
    onEvent: "any",
    slowQueryMs: waitRange,
    clock: "any",
    random: "any",
  });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: SqliteSettings = { ...sqliteDefaults, ...Object.fromEntries(given) };
  if (settings.durability === "full" || settings.durability === "relaxed") return settings;
  throw storageError(
    "configuration.invalid_option",
    'The option "durability" of openSqlite must be "full" or "relaxed".',
    { details: { owner: "openSqlite", option: "durability" } },
  );
}
