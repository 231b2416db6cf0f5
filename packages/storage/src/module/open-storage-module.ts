import { dirname, resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import type { MemoryManager } from "../memory/memory-manager.ts";
import { createQueryLog } from "../query-log/create-query-log.ts";
import type { QueryLog } from "../query-log/query-log.ts";
import { sqliteDefaults, type OpenSqliteOptions } from "../sqlite/open-options.ts";
import { openSqlite } from "../sqlite/open-sqlite.ts";
import { createQueryOptimizer } from "../sqlite/optimizer/create-query-optimizer.ts";
import type { SqliteStore } from "../sqlite/sqlite-store.ts";
import { FaultRecord } from "./fault-record.ts";
import {
  planParts,
  type CachePartOptions,
  type FilesPartOptions,
  type MemoryPartOptions,
  type QueryPartOptions,
  type StorageModuleConfig,
  type StoragePart,
  type TransactionPartOptions,
} from "./module-config.ts";
import { everySoOften } from "./every-so-often.ts";
import type {
  CacheModule,
  FilesModule,
  QueryModule,
  StorageModule,
  StorageModuleEvent,
} from "./storage-module.ts";

/** What every part is given. */
interface Setting {
  readonly database: SqliteStore;
  readonly on: ReadonlySet<StoragePart>;
  readonly emit: (event: StorageModuleEvent) => void;
  /** Whatever is to be ended is pushed here; it ends in the reverse order. */
  readonly ends: (() => void | Promise<void>)[];
}

/** Default of `maintainEveryMs`. */
const maintainEveryMs = 60_000;

/**
 * Opens the SQLite file at `path` with everything that looks after it. What was
 * started before a failure is ended again. Errors that `onEvent` throws are ignored.
 *
 * @throws {AtlasError} storage.module_invalid when a part that is on needs one that is off;
 * configuration.unknown_option, configuration.invalid_option; the codes of `openSqlite`
 */
export async function openStorageModule(
  path: string,
  config: StorageModuleConfig = {},
  onEvent?: (event: StorageModuleEvent) => void,
): Promise<StorageModule> {
  const parts = planParts(config);
  const on = new Set(parts.filter(({ enabled }) => enabled).map(({ part }) => part));
  const now = config.connection?.options?.now ?? sqliteDefaults.now;
  const error = on.has("error") ? new FaultRecord(config.error?.options ?? {}, now) : undefined;
  const emit = (event: StorageModuleEvent): void => {
    error?.record(event);
    try {
      onEvent?.(event);
    } catch {
      // An observer is told, not asked; and nobody waits for what happens in the background.
    }
  };
  const log = on.has("query") ? logOf(config.query?.options) : undefined;
  const database = await openSqlite(path, { ...openOptionsOf(config, on, log), onEvent: emit });
  const ends: Setting["ends"] = [() => database.close()];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= endAll(ends));
  try {
    return Object.freeze<StorageModule>({
      database,
      connection: { pool: database.pool, states: database.connections },
      transaction: on.has("transaction")
        ? { write: (...args) => database.write(...args) }
        : undefined,
      wal: on.has("wal") ? database.wal : undefined,
      ...(await startParts({ database, emit, ends, on }, config, log)),
      error,
      parts: () => parts,
      close,
      [Symbol.asyncDispose]: close,
    });
  } catch (failure) {
    await close();
    throw failure;
  }
}

function openOptionsOf(
  config: StorageModuleConfig,
  on: ReadonlySet<StoragePart>,
  queryLog: QueryLog | undefined,
): OpenSqliteOptions {
  const { write: _, ...writing } = config.transaction?.options ?? {};
  return {
    ...config.connection?.options,
    ...writing,
    ...(on.has("wal") ? config.wal?.options : { checkpoints: "commit" }),
    ...(queryLog === undefined ? {} : { queryLog }),
  };
}

/** What a part needs is loaded only where it is on: a program that starts waits for each file. */
async function startParts(
  setting: Setting,
  config: StorageModuleConfig,
  log: QueryLog | undefined,
): Promise<Pick<StorageModule, "query" | "cache" | "files" | "memory">> {
  const { on, database } = setting;
  const ownWrite = on.has("transaction") ? database.write.bind(database) : undefined;
  const write = config.transaction?.options?.write ?? ownWrite;
  const query =
    log && startQuery(setting, log, { ...config.query?.options, ...(write && { write }) });
  const cache = on.has("cache")
    ? await startCache(setting, config.cache?.options ?? {})
    : undefined;
  const files = on.has("files")
    ? await startFiles(setting, config.files?.options ?? {})
    : undefined;
  const memory = on.has("memory")
    ? await startMemory(setting, cache, config.memory?.options ?? {})
    : undefined;
  return { query, cache, files, memory };
}

function logOf({ statementsMax }: QueryPartOptions = {}): QueryLog {
  return createQueryLog(statementsMax === undefined ? {} : { statementsMax });
}

function startQuery(
  { database, emit, ends }: Setting,
  log: QueryLog,
  options: QueryPartOptions & Pick<TransactionPartOptions, "write">,
): QueryModule {
  const { maintainEveryMs: everyMs = maintainEveryMs, statementsMax: _, ...rest } = options;
  checkOptions(
    'the part "query" of openStorageModule',
    { maintainEveryMs: everyMs },
    {
      maintainEveryMs: { min: 0, max: 3_600_000 },
    },
  );
  const optimizer = createQueryOptimizer(database, { ...rest, queryLog: log });
  ends.push(() => optimizer[Symbol.dispose]());
  // Without somebody who writes there is nobody to bring statistics up to date.
  if (everyMs > 0 && options.write !== undefined) {
    const stop = everySoOften(everyMs, async () => {
      await optimizer.maintain().catch((error: unknown) => {
        emit({ type: "maintenance_failed", error });
      });
    });
    ends.push(stop);
  }
  return { log, optimizer };
}

async function startCache(
  { database, emit, ends }: Setting,
  options: CachePartOptions,
): Promise<CacheModule> {
  const { createCacheManager, createQueryCache } = await import("../cache/index.ts");
  const { otherWriters, followRows, ...rest } = options;
  const entries = createCacheManager({ ...rest, onEvent: emit });
  const queries = createQueryCache({
    database,
    cache: entries,
    ...(otherWriters === undefined ? {} : { otherWriters }),
    ...(followRows === undefined ? {} : { followRows }),
  });
  ends.push(() => queries[Symbol.dispose]());
  return { entries, queries };
}

async function startFiles(
  { database, emit, ends }: Setting,
  options: FilesPartOptions,
): Promise<FilesModule> {
  const { createBackupSchedule, watchDisk } = await import("../files/index.ts");
  const { createFileManager } = await import("../sqlite/create-file-manager.ts");
  checkOptions<FilesPartOptions>('the part "files" of openStorageModule', options, {
    backups: "any",
    disk: "any",
  });
  const manager = createFileManager();
  const disk =
    options.disk === undefined
      ? undefined
      : watchDisk({
          ...options.disk,
          path: dirname(resolve(database.location)),
          onLow: (status) => emit({ type: "disk_low", status }),
          onFull: (status) => emit({ type: "disk_full", status }),
          onRecovered: (status) => emit({ type: "disk_recovered", status }),
          onError: (error) => emit({ type: "disk_unknown", error }),
        });
  if (disk !== undefined) ends.push(() => disk.stop());
  const backups =
    options.backups === undefined
      ? undefined
      : createBackupSchedule({ ...options.backups, files: manager, database, onEvent: emit });
  if (backups !== undefined) ends.push(() => backups.stop());
  return { manager, backups, disk };
}

async function startMemory(
  { database, emit, ends }: Setting,
  cache: CacheModule | undefined,
  options: MemoryPartOptions,
): Promise<MemoryManager> {
  const { cacheConsumer, createMemoryManager } = await import("../cache/index.ts");
  const { databaseConsumer } = await import("../memory/database-consumer.ts");
  const consumers = [
    databaseConsumer(database),
    ...(cache === undefined ? [] : [cacheConsumer(cache.entries)]),
  ];
  const memory = createMemoryManager({ ...options, consumers, onEvent: emit });
  ends.push(() => memory.close());
  return memory;
}

/** Ends everything even if something fails to; the first failure is what the caller learns. */
async function endAll(ends: Setting["ends"]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends.splice(0).toReversed()) {
    try {
      await end();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw failures[0];
}
