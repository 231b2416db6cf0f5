import { AtlasError } from "@atlas/errors";
import type { Connection, Dialect, IndexDefinition } from "@atlas/storage";
import type { Tables } from "./check-declarations.ts";
import type { IndexDeclaration, OrdinaryIndexDeclaration } from "./index-declaration.ts";
import type { ResolvedIndexOptions } from "./index-options.ts";
import type { MaintainedColumn } from "./maintained-column.ts";
import { cascadeRoundsMax } from "./column-maintainer.ts";
import { indexError } from "./errors.ts";

/** What is needed to make and remove indexes. */
export interface Workshop extends Pick<ResolvedIndexOptions, "transactions" | "dialect"> {
  readonly tables: Tables;
  readonly columns: ReadonlyMap<string, MaintainedColumn>;
}

/** Makes an index and fills it; answers how many maintained rows had another value. */
export async function makeIndex(
  { dialect, tables, columns }: Workshop,
  connection: Connection,
  declaration: IndexDeclaration,
): Promise<number> {
  switch (declaration.kind) {
    case "primary":
      throw primaryMissing(declaration, tables);
    case "unique":
    case "secondary":
      await executeAll(connection, dialect.createIndex(definitionOf(declaration)));
      return 0;
    case "search": {
      // Checked when the coordinator was made: the table is declared.
      const table = tables.get(declaration.table)!;
      await executeAll(connection, dialect.createSearchIndex(declaration, table));
      return 0;
    }
    case "maintained":
      return repairColumn(connection, columns.get(declaration.name)!);
  }
}

/** Removes an index, whatever of it is still there. */
export async function dropIndex(workshop: Workshop, declaration: IndexDeclaration): Promise<void> {
  await dropAll(workshop, dropStatements(workshop.dialect, declaration));
}

/** Runs statements that remove something, each of which may be gone already. */
export async function dropAll(
  { transactions }: Pick<Workshop, "transactions">,
  statements: readonly string[],
): Promise<void> {
  for (const sql of statements) {
    try {
      await transactions.atomic((transaction) => transaction.execute(sql));
    } catch (error) {
      // What it names is gone already; that is what was wanted.
      if (!AtlasError.is(error) || error.code !== "storage.statement_invalid") throw error;
    }
  }
}

/** The form in which storage knows an ordinary index. */
export function definitionOf(declaration: OrdinaryIndexDeclaration): IndexDefinition {
  const { name, table, on, where, kind } = declaration;
  return { name, table, on, unique: kind === "unique", ...(where === undefined ? {} : { where }) };
}

function dropStatements(dialect: Dialect, declaration: IndexDeclaration): readonly string[] {
  switch (declaration.kind) {
    case "unique":
    case "secondary":
      return dialect.dropIndex(declaration.name);
    case "search":
      return dialect.dropSearchIndex(declaration);
    case "primary":
    case "maintained":
      return [];
  }
}

function primaryMissing({ name, table }: IndexDeclaration, tables: Tables): Error {
  const columns = tables.get(table)!.primaryKey.join(", ");
  return indexError(
    "index.primary_missing",
    `The table "${table}" is stored without its declared primary key (${columns}), and a key ` +
      "cannot be added to a table. Migrate the rows to a table that has it.",
    { details: { index: name, table } },
  );
}

/** Repeats until nothing differs: the rows of a column may depend on each other. */
async function repairColumn(connection: Connection, column: MaintainedColumn): Promise<number> {
  let total = 0;
  for (let round = 0; round < cascadeRoundsMax; round += 1) {
    const repaired = await column.repair(connection);
    if (repaired === 0) return total;
    total += repaired;
  }
  throw repairEndless(column);
}

/** The error of a column whose rows keep changing each other. */
export function repairEndless({ declaration: { name } }: MaintainedColumn): Error {
  return indexError(
    "index.cascade_endless",
    `After ${cascadeRoundsMax} rounds ${name} still changed. Look for rows that form a circle.`,
    { details: { indexes: [name], cascadeRoundsMax } },
  );
}

/** Runs statements one after the other. */
export async function executeAll(
  connection: Connection,
  statements: readonly string[],
): Promise<void> {
  for (const sql of statements) await connection.execute(sql);
}
