import { checkOptions } from "@atlas/errors";
import type { Connection, Reader } from "./connection.ts";
import { createMissingTables } from "./create-missing-tables.ts";
import type { Database } from "./database.ts";
import { defineTable } from "./define-table.ts";
import { storageError } from "./errors.ts";
import {
  checkComponent,
  checkMigrations,
  checksumOf,
  nextMigration,
  type AppliedMigration,
  type Migration,
} from "./migration.ts";
import { insertInto } from "./query-builder/insert-query.ts";
import { from } from "./query-builder/select-query.ts";
import { param } from "./query-builder/param.ts";
import type { Query } from "./query.ts";
import type { Table } from "./table.ts";

/** What {@link migrate} needs of a database. */
export type MigrationTarget = Pick<Database, "read" | "write" | "dialect">;

/** How {@link migrate} works. */
export interface MigrateOptions {
  /** Lists of different components share one file, each with its own versions. Default: "main". */
  readonly component?: string;
  /** The time of application, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

/** What {@link migrate} did. */
export interface MigrationReport {
  /** The version the schema is at now; 0 for none. */
  readonly version: number;
  /** What this call applied; other processes may have applied the rest. */
  readonly applied: readonly Pick<Migration, "version" | "name">[];
}

const columns = {
  component: { type: "text" },
  version: { type: "integer" },
  name: { type: "text" },
  checksum: { type: "text" },
  applied_at: { type: "integer" },
} as const;

/** Keeps which migrations were applied. */
const migrationsTable: Table<typeof columns, "atlas_migrations"> = defineTable("atlas_migrations", {
  columns,
  primaryKey: ["component", "version"],
});

const appliedQuery: Query<AppliedMigration, { readonly component: string }> = from(migrationsTable)
  .select("version", "name", "checksum")
  .where("component", "eq", param("component"))
  .orderBy("version")
  .build();

const recordQuery = insertInto(migrationsTable).build();

/**
 * Brings the schema up to date. Each migration runs in a transaction of its own
 * together with its entry in the ledger; several processes that start together
 * run each of them once.
 *
 * @throws {AtlasError} storage.schema_newer, storage.migration_changed, storage.migration_invalid
 * with nothing changed; storage.migration_failed with the migrations before it applied.
 */
export async function migrate(
  database: MigrationTarget,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  checkOptions<MigrateOptions>("migrate", options, { component: "any", now: "any" });
  const { component = "main", now = Date.now } = options;
  checkComponent(component);
  checkMigrations(migrations);
  const { dialect } = database;
  const applied: Pick<Migration, "version" | "name">[] = [];
  const pending = (): Promise<Migration | undefined> =>
    database.read(async (reader) =>
      nextMigration(migrations, await appliedIn({ reader, dialect, component })),
    );
  for (let next = await pending(); next !== undefined; next = await pending()) {
    const migration = next;
    const done = await database.write(async (connection) => {
      const rows = await appliedIn({ reader: connection, dialect, component });
      // Another process may have been faster; what is pending now is decided under the lock.
      if (nextMigration(migrations, rows) !== migration) return false;
      await apply(connection, migration);
      await record(connection, dialect, { component, appliedAt: now(), migration });
      return true;
    });
    if (done) applied.push({ version: migration.version, name: migration.name });
  }
  return { version: migrations.at(-1)?.version ?? 0, applied };
}

async function appliedIn(at: {
  readonly reader: Reader;
  readonly dialect: Database["dialect"];
  readonly component: string;
}): Promise<readonly AppliedMigration[]> {
  const { reader, dialect, component } = at;
  if ((await reader.get(dialect.tableExists(migrationsTable.name))) === undefined) return [];
  return reader.all(appliedQuery, { component });
}

async function apply(connection: Connection, { version, name, up }: Migration): Promise<void> {
  try {
    if (typeof up === "function") return await up(connection);
    for (const statement of up) await connection.execute(statement);
  } catch (cause) {
    throw storageError(
      "storage.migration_failed",
      `Migration ${version} (${name}) failed and was undone. The cause says why.`,
      { cause, txState: "rolledBack", details: { version, name } },
    );
  }
}

async function record(
  connection: Connection,
  dialect: Database["dialect"],
  entry: {
    readonly component: string;
    readonly appliedAt: number;
    readonly migration: Migration;
  },
): Promise<void> {
  await createMissingTables(connection, dialect, { tables: [migrationsTable] });
  const { component, appliedAt, migration } = entry;
  await connection.run(recordQuery, {
    component,
    version: migration.version,
    name: migration.name,
    checksum: checksumOf(migration),
    applied_at: appliedAt,
  });
}
