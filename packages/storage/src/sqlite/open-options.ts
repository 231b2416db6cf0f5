import { checkOptions, type OptionRange } from "@atlas/errors";
import type { ReaderHooks } from "../connection-state-manager.ts";
import { storageError } from "../errors.ts";
import type { StorageEvent } from "../events.ts";
import type { QueryLog } from "../query-log/query-log.ts";

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
  /** Called as readers come and go. Default: none. */
  readonly readerHooks?: ReaderHooks;
  /**
   * Connections and the file at the path are checked this often, in
   * milliseconds, up to 3,600,000, or 0 for never. Default: 10,000.
   */
  readonly healthCheckMs?: number;
  /** Threads, and as many processes, that scans may use at a time, 1 to 16. Default: 2. */
  readonly scanners?: number;
  /**
   * `get` and `all` of the database run on another thread when they are
   * expected to visit at least so many rows, 1,000 to 1,000,000,000, or 0 for
   * never. Default: 100,000.
   */
  readonly scanRowsMin?: number;
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
  /**
   * `background`: the log is copied back on another thread and kept under its
   * limit. `commit`: SQLite does it inside a commit, which then takes longer,
   * and nothing bounds the log while somebody reads; for short scripts.
   * Default: "background".
   */
  readonly checkpoints?: "background" | "commit";
  /**
   * Size the write-ahead log is kept under, in bytes, 1 MiB to 64 GiB. From half
   * of it on, reads that keep the log from being cut back are ended with
   * storage.snapshot_expired. Default: 64 MiB.
   */
  readonly walLimitBytes?: number;
  /**
   * Age below which no read is ended for that before three quarters of the limit
   * are reached, in milliseconds, up to 3,600,000. Default: 5,000.
   */
  readonly snapshotGraceMs?: number;
  /** Page cache per connection in KiB, 64 to 4,194,304. Default: 16,384. */
  readonly cacheSizeKib?: number;
  /**
   * Page size of a new file in bytes, a power of two from 512 to 65,536. A file
   * that exists keeps the one it was made with. Default: 4,096.
   */
  readonly pageSizeBytes?: number;
  /** Receives what happens. Errors it throws are ignored. Default: nobody does. */
  readonly onEvent?: (event: StorageEvent) => void;
  /** Statements that run longer are reported, in milliseconds, up to 3,600,000. Default: 100. */
  readonly slowQueryMs?: number;
  /**
   * What is known of each connection: `counts` of queries and errors, `timed`
   * adds how long they took, `full` adds the bytes they read. An observer or a
   * query log needs the times anyway. Default: "counts".
   */
  readonly connectionMetrics?: "counts" | "timed" | "full";
  /** Receives every statement that runs. Default: none. */
  readonly queryLog?: QueryLog;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly clock?: () => number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** Numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The options that always have a value. */
export type SqliteSettings = Required<Omit<OpenSqliteOptions, OptionalOption>> &
  Pick<OpenSqliteOptions, OptionalOption>;

type OptionalOption = "applicationId" | "onEvent" | "queryLog";

/** The defaults of {@link OpenSqliteOptions}. */
export const sqliteDefaults: Readonly<SqliteSettings> = Object.freeze({
  durability: "full",
  readers: 4,
  readerHooks: Object.freeze({}),
  healthCheckMs: 10_000,
  scanners: 2,
  scanRowsMin: 100_000,
  acquireTimeoutMs: 30_000,
  readsWaitingMax: 1_000,
  writeTimeoutMs: 30_000,
  writesWaitingMax: 10_000,
  readerUsesMax: 100_000,
  readerAgeMsMax: 3_600_000,
  statementCacheMax: 256,
  checkpoints: "background",
  walLimitBytes: 64 * 1024 * 1024,
  snapshotGraceMs: 5_000,
  cacheSizeKib: 16_384,
  pageSizeBytes: 4_096,
  slowQueryMs: 100,
  connectionMetrics: "counts",
  clock: () => performance.now(),
  now: () => Date.now(),
  random: () => Math.random(),
});

/** Readers a pool may have. */
export const readersRange: OptionRange = Object.freeze({ min: 1, max: 64 });

/** KiB of pages a connection may cache. */
export const cacheSizeRange: OptionRange = Object.freeze({ min: 64, max: 4_194_304 });

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
    readerHooks: "any",
    healthCheckMs: waitRange,
    scanners: { min: 1, max: 16 },
    scanRowsMin: { min: 0, max: 1_000_000_000 },
    acquireTimeoutMs: waitRange,
    readsWaitingMax: { min: 0, max: 100_000 },
    writeTimeoutMs: waitRange,
    writesWaitingMax: { min: 0, max: 100_000 },
    readerUsesMax: { min: 1, max: Number.MAX_SAFE_INTEGER },
    readerAgeMsMax: { min: 1, max: Number.MAX_SAFE_INTEGER },
    statementCacheMax: { min: 8, max: 10_000 },
    checkpoints: ["background", "commit"],
    walLimitBytes: { min: 1024 * 1024, max: 64 * 1024 ** 3 },
    snapshotGraceMs: waitRange,
    cacheSizeKib: cacheSizeRange,
    pageSizeBytes: { min: 512, max: 65_536 },
    onEvent: "any",
    slowQueryMs: waitRange,
    connectionMetrics: "any",
    queryLog: "any",
    clock: "any",
    now: "any",
    random: "any",
  });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: SqliteSettings = { ...sqliteDefaults, ...Object.fromEntries(given) };
  requireOneOf("durability", settings.durability, ["full", "relaxed"]);
  requirePowerOfTwo("pageSizeBytes", settings.pageSizeBytes);
  requireOneOf("connectionMetrics", settings.connectionMetrics, ["counts", "timed", "full"]);
  return settings;
}

function requireOneOf(option: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw storageError(
    "configuration.invalid_option",
    `The option "${option}" of openSqlite must be ${allowed.map((one) => `"${one}"`).join(" or ")}.`,
    { details: { owner: "openSqlite", option } },
  );
}

function requirePowerOfTwo(option: string, value: number): void {
  if (Number.isInteger(Math.log2(value))) return;
  throw storageError(
    "configuration.invalid_option",
    `The option "${option}" of openSqlite must be a power of two.`,
    { details: { owner: "openSqlite", option } },
  );
}
