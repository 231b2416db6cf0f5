import type { Connection } from "./connection.ts";
import type { Dialect, IndexDefinition } from "./dialect.ts";
import type { TableDefinition } from "./table.ts";

/** Tables a part of a program keeps for itself, with their indexes. */
export interface OwnTables {
  readonly tables: readonly TableDefinition[];
  /** Made together with their table. Default: none. */
  readonly indexes?: readonly IndexDefinition[];
}

/**
 * Creates those of the tables that do not exist, each with its indexes.
 *
 * For parts that bring a table or two of their own to any store. A table that
 * exists is left as it is and not compared: to change one is the work of
 * {@link migrate}. Looking and creating belong in one transaction, so that
 * processes that start at the same time do not get in each other's way.
 */
export async function createMissingTables(
  connection: Connection,
  dialect: Dialect,
  { tables, indexes = [] }: OwnTables,
): Promise<void> {
  for (const table of tables) {
    if ((await connection.get(dialect.tableExists(table.name))) !== undefined) continue;
    const statements = [
      ...dialect.createTable(table),
      ...indexes
        .filter((index) => index.table === table.name)
        .flatMap((index) => dialect.createIndex(index)),
    ];
    for (const statement of statements) await connection.execute(statement);
  }
}
