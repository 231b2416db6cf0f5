import type BetterSqlite3 from "better-sqlite3";
import { storageError } from "../errors.ts";
import type { RawRow } from "../sql-value.ts";

/** One open handle of the driver. */
export type Handle = BetterSqlite3.Database;

/** One prepared statement of the driver. */
export type HandleStatement = BetterSqlite3.Statement<unknown[], RawRow>;

/** What the driver package exports. */
export type Driver = typeof BetterSqlite3;

/** The oldest version of Node that the driver runs on. */
const nodeVersionMin: readonly [number, number] = [22, 15];

/**
 * The oldest version of SQLite that may open a data file: those before it can
 * lose committed data when two connections write and checkpoint at once.
 */
const sqliteVersionMin: readonly [number, number, number] = [3, 51, 3];

/**
 * Loads better-sqlite3.
 *
 * @throws {AtlasError} storage.runtime_too_old, storage.driver_missing
 */
export async function loadDriver(): Promise<Driver> {
  // Before the import: on an older Node loading the binary ends the process.
  checkNodeVersion(process.versions.node);
  try {
    return (await import("better-sqlite3")).default;
  } catch (cause) {
    throw storageError(
      "storage.driver_missing",
      "The package better-sqlite3 could not be loaded. Install it beside @atlas/storage.",
      { cause },
    );
  }
}

/** @throws {AtlasError} storage.runtime_too_old */
export function checkNodeVersion(version: string): void {
  if (isAtLeast(version, nodeVersionMin)) return;
  throw storageError(
    "storage.runtime_too_old",
    `Node ${version} cannot load the SQLite driver. Use Node ${nodeVersionMin.join(".")} or newer.`,
    { details: { version, required: nodeVersionMin.join(".") } },
  );
}

/** @throws {AtlasError} storage.engine_too_old */
export function checkSqliteVersion(version: string): void {
  if (isAtLeast(version, sqliteVersionMin)) return;
  throw storageError(
    "storage.engine_too_old",
    `The driver brings SQLite ${version}, which can lose committed data when several ` +
      `connections write. Install a driver with SQLite ${sqliteVersionMin.join(".")} or newer.`,
    { details: { version, required: sqliteVersionMin.join(".") } },
  );
}

function isAtLeast(version: string, required: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [at, least] of required.entries()) {
    const part = parts[at] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
