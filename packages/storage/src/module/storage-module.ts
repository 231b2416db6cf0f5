import type { CacheEvent } from "../cache/cache-event.ts";
import type { CacheManager } from "../cache/cache-manager.ts";
import type { QueryCache } from "../cache/query-cache.ts";
import type { ConnectionPool } from "../connection-pool.ts";
import type { ConnectionStateManager } from "../connection-state-manager.ts";
import type { Database } from "../database.ts";
import type { StorageEvent } from "../events.ts";
import type { FileManager } from "../file-manager.ts";
import type { BackupEvent, BackupSchedule } from "../files/backup-schedule.ts";
import type { DiskStatus, DiskWatch } from "../files/watch-disk.ts";
import type { MemoryEvent, MemoryManager } from "../memory/memory-manager.ts";
import type { QueryOptimizer } from "../optimizer/query-optimizer.ts";
import type { QueryLog } from "../query-log/query-log.ts";
import type { OpenSqliteOptions } from "../sqlite/open-options.ts";
import type { SqliteStore } from "../sqlite/sqlite-store.ts";
import type { WalManager } from "../sqlite/wal/wal-manager.ts";
import type { PartPlan } from "./module-config.ts";

/** Which statements run and how they could run better. */
export interface QueryModule {
  readonly log: QueryLog;
  readonly optimizer: QueryOptimizer;
}

/** The readers, and what is known of every connection. */
export interface ConnectionModule {
  readonly pool: ConnectionPool;
  readonly states: ConnectionStateManager;
}

/** What was read, kept until a commit changes it. */
export interface CacheModule {
  readonly entries: CacheManager;
  readonly queries: QueryCache;
}

/** Writing. Off where the module only reads, or a transaction manager has its own. */
export interface TransactionModule {
  readonly write: Database["write"];
}

/** Files, backups and the disk. */
export interface FilesModule {
  readonly manager: FileManager<OpenSqliteOptions>;
  /** Absent without `backups` in the options. */
  readonly backups: BackupSchedule | undefined;
  /** Absent without `disk` in the options. */
  readonly disk: DiskWatch | undefined;
}

/** Something went wrong where no caller was waiting to be told. */
export interface StorageFault {
  /** The type of the event that told it. */
  readonly type: StorageModuleEvent["type"];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Undefined where an event carries none. */
  readonly error: unknown;
}

/** What went wrong in the background. */
export interface ErrorModule {
  /** The newest faults, the oldest first. */
  recent(): readonly StorageFault[];
  /** How often each type of fault was seen since the module was opened. */
  counts(): ReadonlyMap<StorageFault["type"], number>;
}

/** What a module tells its observer: everything its parts tell. */
export type StorageModuleEvent =
  | StorageEvent
  | CacheEvent
  | MemoryEvent
  | BackupEvent
  | { readonly type: "disk_low" | "disk_full" | "disk_recovered"; readonly status: DiskStatus }
  | { readonly type: "disk_unknown"; readonly error: unknown }
  /** Statistics could not be brought up to date; queries run as before. */
  | { readonly type: "maintenance_failed"; readonly error: unknown };

/**
 * A database with everything that looks after it, opened and closed as one. A
 * part that is switched off is undefined.
 */
export interface StorageModule extends AsyncDisposable {
  readonly database: SqliteStore;
  readonly query: QueryModule | undefined;
  readonly connection: ConnectionModule;
  readonly cache: CacheModule | undefined;
  readonly transaction: TransactionModule | undefined;
  readonly wal: WalManager | undefined;
  readonly files: FilesModule | undefined;
  readonly memory: MemoryManager | undefined;
  readonly error: ErrorModule | undefined;
  /** Which parts are on, and what each one needs. */
  parts(): readonly PartPlan[];
  /** Ends every part, the last one first, and closes the database. Closing twice is harmless. */
  close(): Promise<void>;
}
