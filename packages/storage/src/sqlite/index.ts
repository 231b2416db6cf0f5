// Opening a database.
export { openSqlite } from "./open-sqlite.ts";
export { sqliteDefaults, type OpenSqliteOptions, type SqliteSettings } from "./open-options.ts";

// Files: locks, backups, replacing a file as a whole.
export { createFileManager, type FileManagerOptions } from "./create-file-manager.ts";

// Plans, costs, missing indexes, rewriting, statistics.
export {
  createQueryOptimizer,
  queryOptimizerDefaults,
  type QueryOptimizerOptions,
} from "./optimizer/create-query-optimizer.ts";

// The write-ahead log.
export type { CheckpointReport, WalManager, WalStats, WalVerification } from "./wal/wal-manager.ts";
export type { SqliteStore } from "./sqlite-store.ts";

// Memory.
export { databaseConsumer, type PagedDatabase } from "../memory/database-consumer.ts";
