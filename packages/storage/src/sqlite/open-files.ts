import type { Database } from "../database.ts";
import type { DataFile } from "./data-file.ts";

// Apart from `open-sqlite.ts`, whose declarations users read: these name the
// driver, whose types users may not have.
const files = new WeakMap<Database, DataFile>();

/** Remembers the file behind a database that was opened here. */
export function rememberFile(database: Database, file: DataFile): void {
  files.set(database, file);
}

/** The file behind a database; undefined when another driver opened it. */
export function dataFileOf(database: Database): DataFile | undefined {
  return files.get(database);
}
