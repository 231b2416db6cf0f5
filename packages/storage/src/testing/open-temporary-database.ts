import type { OpenSqliteOptions } from "../sqlite/open-options.ts";
import { openSqlite } from "../sqlite/open-sqlite.ts";
import type { SqliteStore } from "../sqlite/sqlite-store.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A database in a directory of its own; disposing closes and removes both. */
export interface TemporaryDatabase extends AsyncDisposable {
  readonly database: SqliteStore;
  readonly path: string;
}

/** Opens a new, empty SQLite database that ends with the block that uses it. */
export async function openTemporaryDatabase(
  options: OpenSqliteOptions = {},
): Promise<TemporaryDatabase> {
  const directory = temporaryDirectory();
  const path = directory.file("data.db");
  const database = await openSqlite(path, options);
  return {
    database,
    path,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      directory[Symbol.dispose]();
    },
  };
}
