// Opening a database.
export { openSqlite } from "./open-sqlite.ts";
export { sqliteDefaults, type OpenSqliteOptions, type SqliteSettings } from "./open-options.ts";

// Files: locks, backups, replacing a file as a whole.
export { createFileManager, type FileManagerOptions } from "./create-file-manager.ts";
