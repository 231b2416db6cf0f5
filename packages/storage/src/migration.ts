import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { isIdentifier } from "./define-table.ts";
import { storageError } from "./errors.ts";

/** One step of a schema, applied once and never changed afterwards. */
export interface Migration {
  /** A whole number above that of the migration before it; the first is at least 1. */
  readonly version: number;
  readonly name: string;
  /**
   * Statements, or a function that runs them. It runs in a transaction with
   * foreign keys enforced: dropping a table deletes what refers to it by a
   * cascade. Change tables with ALTER TABLE instead of rebuilding them.
   */
  readonly up: readonly string[] | ((connection: Connection) => void | Promise<void>);
  /**
   * Tells versions of a function apart; statements are compared by their text.
   * Default: "".
   */
  readonly revision?: string;
}

/** A migration that has been applied, as the ledger keeps it. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/** Migrations in one list. */
const migrationsMax = 10_000;

/** Changes when a migration does. */
export function checksumOf({ name, up, revision }: Migration): string {
  const content = typeof up === "function" ? [] : up.map(normalized);
  return createHash("sha256")
    .update(JSON.stringify([name, revision ?? "", content]))
    .digest("hex");
}

/** @throws {AtlasError} storage.migration_invalid */
export function checkMigrations(migrations: readonly Migration[]): void {
  if (migrations.length > migrationsMax) {
    throw invalid(`there are more than ${migrationsMax} of them`);
  }
  for (const [at, { version, name, up }] of migrations.entries()) {
    const before = migrations[at - 1]?.version ?? 0;
    if (!Number.isSafeInteger(version) || version <= before) {
      throw invalid(`the version at place ${at + 1} is not a whole number above ${before}`);
    }
    if (name.trim() === "") throw invalid(`migration ${version} has no name`);
    if (typeof up !== "function" && up.length === 0) {
      throw invalid(`migration ${version} does nothing`);
    }
  }
}

/** @throws {AtlasError} storage.migration_invalid */
export function checkComponent(component: string): void {
  if (!isIdentifier(component)) throw invalid("the component is not named by an identifier");
}

/**
 * The first migration that has not been applied.
 *
 * @throws {AtlasError} storage.schema_newer, storage.migration_changed, storage.migration_invalid
 */
export function nextMigration(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration | undefined {
  const newest = applied.reduce((most, { version }) => Math.max(most, version), 0);
  const known = migrations.at(-1)?.version ?? 0;
  if (newest > known) throw schemaNewer(newest, known);
  for (const row of applied) {
    const migration = migrations.find(({ version }) => version === row.version);
    if (migration === undefined || checksumOf(migration) !== row.checksum) throw changed(row);
  }
  const pending = migrations.find(({ version }) => !applied.some((row) => row.version === version));
  if (pending !== undefined && pending.version < newest) {
    throw invalid(
      `migration ${pending.version} is new but comes before ${newest}, which was applied`,
    );
  }
  return pending;
}

// How a statement is wrapped and indented is no change of it.
function normalized(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, " ");
}

function schemaNewer(found: number, known: number): Error {
  return storageError(
    "storage.schema_newer",
    `This file was written by a newer version of the program (schema ${found}, this program knows ` +
      `${known}): upgrade the program. The file was not changed.`,
    { txState: "none", details: { found, known } },
  );
}

function changed({ version, name }: AppliedMigration): Error {
  return storageError(
    "storage.migration_changed",
    `Migration ${version} (${name}) was applied to this file in another form than the program ` +
      "brings. Restore it, and put the change into a new migration.",
    { txState: "none", details: { version, name } },
  );
}

function invalid(reason: string): Error {
  return storageError(
    "storage.migration_invalid",
    `The list of migrations cannot be used: ${reason}. Correct the list.`,
    { details: { reason } },
  );
}
