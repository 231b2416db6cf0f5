/**
 * Brings the tables of all collections up to date, in one transaction.
 *
 * A table that is new is made as it is declared now, and the migrations that
 * led there are recorded as done. That is sound only because nobody can see
 * the table between the two, which is why everything is one transaction.
 */
import { AtlasError } from "@atlas/errors";
import {
  type Connection,
  type Database,
  migrate,
  type Migration,
  type MigrationTarget,
} from "@atlas/storage";
import type { TransactionManager } from "@atlas/transaction";
import type { AnyCollection } from "./collection-definition.ts";
import type { CollectionRuntime } from "./collection-runtime.ts";
import { changeTable } from "./change-table.ts";
import { engineError } from "./errors.ts";

/** Longest time migrations may keep the writer, in milliseconds. */
const holdTimeoutMs = 600_000;

/** What bringing the schema up to date works with. */
export interface SchemaParts {
  readonly database: Database;
  readonly transactions: TransactionManager;
  readonly clock: () => number;
}

/** Creates and migrates tables; answers how many migrations were applied. */
export async function ensureSchema(
  { database, transactions, clock }: SchemaParts,
  collections: readonly CollectionRuntime[],
): Promise<number> {
  const { dialect } = database;
  const definitions = collections.map(({ definition }) => definition);
  const reading: MigrationTarget = {
    dialect,
    read: (body) => transactions.read(body),
    write: () => Promise.reject(new Outdated()),
  };
  try {
    // Most starts find everything in place, and reading does not wait for the writer.
    await migrateAll(reading, definitions, clock);
    await probeAll(transactions.connection, collections);
    return 0;
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
  }
  const writing: MigrationTarget = { ...reading, write: (body) => transactions.atomic(body) };
  return transactions.atomic(
    async (connection) => {
      const applied = await migrateAll(writing, definitions, clock);
      await probeAll(connection, collections);
      return applied;
    },
    { holdTimeoutMs },
  );
}

/** Says that something has to be written. */
class Outdated extends Error {}

async function migrateAll(
  target: MigrationTarget,
  definitions: readonly AnyCollection[],
  now: () => number,
): Promise<number> {
  const changeLog: Migration = {
    version: 1,
    name: "create the change log",
    up: target.dialect.createTable(changeTable),
  };
  const own = await migrate(target, [changeLog], { component: "engine", now });
  let applied = own.applied.length;
  for (const definition of definitions) {
    const component = `collection_${definition.name}`;
    const report = await migrate(target, migrationsOf(target, definition), { component, now });
    applied += report.applied.length;
  }
  return applied;
}

function migrationsOf(
  { dialect }: MigrationTarget,
  { table, migrations }: AnyCollection,
): readonly Migration[] {
  let isNew = false;
  const create = async (connection: Connection): Promise<void> => {
    for (const sql of dialect.createTable(table)) await connection.execute(sql);
    isNew = true;
  };
  const later = migrations.map(({ version, name, statements }): Migration => ({
    // Version 1 of the component is the creation.
    version: version + 1,
    name,
    up: async (connection) => {
      if (isNew) return;
      for (const sql of statements) await connection.execute(sql);
    },
    revision: JSON.stringify(statements),
  }));
  return [{ version: 1, name: "create the table", up: create }, ...later];
}

/** Finds tables that were declared anew without a migration, before a write fails on them. */
async function probeAll(
  connection: Connection,
  collections: readonly CollectionRuntime[],
): Promise<void> {
  for (const { definition, statements } of collections) {
    try {
      await connection.all(statements.probe);
    } catch (cause) {
      if (!AtlasError.is(cause) || cause.code !== "storage.statement_invalid") throw cause;
      const { name, table } = definition;
      throw engineError(
        "configuration.collection_invalid",
        `The collection "${name}" declares columns that the stored table "${table.name}" does not ` +
          "have. Add a migration that brings the table to its declaration.",
        { cause, details: { collection: name, table: table.name } },
      );
    }
  }
}
