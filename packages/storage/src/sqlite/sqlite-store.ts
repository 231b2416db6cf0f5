import type { Database } from "../database.ts";
import type { WalManager } from "./wal/wal-manager.ts";

/** A database over one SQLite file, with what only SQLite has. */
export interface SqliteStore extends Database {
  readonly wal: WalManager;
}
