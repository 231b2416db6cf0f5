import { checkOptions } from "@atlas/errors";
import type { CacheManagerOptions } from "../cache/cache-options.ts";
import type { QueryCacheOptions } from "../cache/create-query-cache.ts";
import type { Connection } from "../connection.ts";
import { storageError } from "../errors.ts";
import type { BackupScheduleOptions } from "../files/backup-schedule.ts";
import type { WatchDiskOptions } from "../files/watch-disk.ts";
import type { MemoryManagerOptions } from "../memory/create-memory-manager.ts";
import type { QueryLogOptions } from "../query-log/create-query-log.ts";
import type { QueryOptimizerOptions } from "../sqlite/optimizer/create-query-optimizer.ts";
import type { OpenSqliteOptions } from "../sqlite/open-options.ts";

/** The parts a storage module is made of, in the order in which they start. */
export const storageParts = [
  "error",
  "connection",
  "transaction",
  "wal",
  "query",
  "cache",
  "files",
  "memory",
] as const;

/** One of {@link storageParts}. */
export type StoragePart = (typeof storageParts)[number];

/** How one part is configured. */
export interface ModuleConfig<Options extends object> {
  /** Default: true; of `memory`: false. */
  readonly enabled?: boolean;
  /** Default: what the part itself does by default. */
  readonly options?: Options;
  /** Parts that must be on for this one to be of use to you, besides those it always needs. */
  readonly dependencies?: readonly StoragePart[];
}

type WalOptionNames = "walLimitBytes" | "snapshotGraceMs";
type TransactionOptionNames = "durability" | "writeTimeoutMs" | "writesWaitingMax";
type ElsewhereNames = "queryLog" | "onEvent" | "checkpoints";

/** Options of the connections: those of `openSqlite` that no other part has. */
export type ConnectionPartOptions = Omit<
  OpenSqliteOptions,
  WalOptionNames | TransactionOptionNames | ElsewhereNames
>;

/** Options of writing. */
export interface TransactionPartOptions extends Pick<OpenSqliteOptions, TransactionOptionNames> {
  /**
   * Runs what the module itself writes, as when a transaction manager owns the
   * writer. Default: `database.write`.
   */
  readonly write?: <T>(body: (connection: Connection) => Promise<T>) => Promise<T>;
}

/** Options of the log. */
export type WalPartOptions = Pick<OpenSqliteOptions, WalOptionNames>;

/** Options of the query log and the optimizer. */
export interface QueryPartOptions
  extends
    QueryLogOptions,
    Pick<QueryOptimizerOptions, "maintainIntervalMs" | "sampleAgeMsMax" | "random"> {
  /**
   * Asks this often whether statistics are due, in milliseconds, up to
   * 3,600,000; 0 for never. Default: 60,000.
   */
  readonly maintainEveryMs?: number;
}

/** Options of the cache and the answers in it. */
export type CachePartOptions = Omit<CacheManagerOptions, "onEvent"> &
  Pick<QueryCacheOptions, "otherWriters" | "followRows">;

/** Options of files: what is done besides when it is asked for. */
export interface FilesPartOptions {
  /** Backs up again and again. Default: no backups. */
  readonly backups?: Omit<BackupScheduleOptions, "files" | "database" | "onEvent">;
  /** Watches the disk of the database and keeps a reserve. Default: no watch. */
  readonly disk?: Omit<WatchDiskOptions, "path" | "onLow" | "onFull" | "onRecovered" | "onError">;
}

/** Options of memory: its budget is divided among the page caches and the cache. */
export type MemoryPartOptions = Omit<MemoryManagerOptions, "consumers" | "onEvent">;

/** Options of the record of faults. */
export interface ErrorPartOptions {
  /** Faults kept, the newest ones, 1 to 10,000. Default: 100. */
  readonly faultsMax?: number;
}

/** How a storage module is put together. */
export interface StorageModuleConfig {
  readonly query?: ModuleConfig<QueryPartOptions>;
  readonly connection?: ModuleConfig<ConnectionPartOptions>;
  readonly cache?: ModuleConfig<CachePartOptions>;
  readonly transaction?: ModuleConfig<TransactionPartOptions>;
  readonly wal?: ModuleConfig<WalPartOptions>;
  readonly files?: ModuleConfig<FilesPartOptions>;
  readonly memory?: ModuleConfig<MemoryPartOptions>;
  readonly error?: ModuleConfig<ErrorPartOptions>;
}

/** What each part cannot do without. */
const needs: Readonly<Record<StoragePart, readonly StoragePart[]>> = {
  error: [],
  connection: [],
  transaction: ["connection"],
  wal: ["connection"],
  query: ["connection"],
  cache: ["connection"],
  files: ["connection"],
  memory: ["connection"],
};

/** A part as it is put together. */
export interface PartPlan {
  readonly part: StoragePart;
  readonly enabled: boolean;
  /** Every part that has to be on when this one is. */
  readonly dependencies: readonly StoragePart[];
}

/**
 * Says which parts are on, and refuses a configuration in which a part that is
 * on needs one that is off. Options of parts are checked by the parts.
 *
 * @throws {AtlasError} storage.module_invalid, configuration.unknown_option
 */
export function planParts(config: StorageModuleConfig): readonly PartPlan[] {
  checkOptions<StorageModuleConfig>("openStorageModule", config, {
    query: "any",
    connection: "any",
    cache: "any",
    transaction: "any",
    wal: "any",
    files: "any",
    memory: "any",
    error: "any",
  });
  const plans = storageParts.map((part) => planPart(part, config[part] ?? {}));
  const on = new Set(plans.filter(({ enabled }) => enabled).map(({ part }) => part));
  for (const { part, enabled, dependencies } of plans) {
    const missing = dependencies.find((dependency) => !on.has(dependency));
    if (enabled && missing !== undefined) throw dependencyOff(part, missing);
  }
  if (!on.has("connection")) throw dependencyOff("module", "connection");
  return plans;
}

function planPart(part: StoragePart, config: ModuleConfig<object>): PartPlan {
  checkOptions<ModuleConfig<object>>(`the part "${part}" of openStorageModule`, config, {
    enabled: "any",
    options: "any",
    dependencies: "any",
  });
  const { enabled = part !== "memory", options, dependencies = [] } = config;
  if (typeof enabled !== "boolean") throw invalid(part, '"enabled" must be true or false');
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw invalid(part, '"options" must be an object');
  if (!enabled && Object.keys(options ?? {}).length > 0)
    throw invalid(part, "it has options but is switched off; remove them or switch it on");
  for (const name of dependencies) {
    if (!storageParts.includes(name))
      throw invalid(part, `it depends on "${name}"; the parts are ${storageParts.join(", ")}`);
    if (name === part) throw invalid(part, "it depends on itself");
  }
  return { part, enabled, dependencies: [...new Set([...needs[part], ...dependencies])] };
}

function dependencyOff(part: StoragePart | "module", missing: StoragePart): Error {
  return invalid(part, `it needs the part "${missing}", which is switched off`, { missing });
}

function invalid(part: StoragePart | "module", reason: string, details: object = {}): Error {
  const subject = part === "module" ? "The storage module" : `The part "${part}" of the module`;
  return storageError("storage.module_invalid", `${subject} cannot be put together: ${reason}.`, {
    details: { part, ...details },
  });
}
