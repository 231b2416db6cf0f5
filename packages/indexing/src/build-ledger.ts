/**
 * Remembers which indexes are being made again in steps, and how far that has
 * come, so that a rebuild that was interrupted is gone on with and several
 * processes can work on the same one. Written in the transaction of each step.
 */
import {
  type Connection,
  createMissingTables,
  defineTable,
  type Dialect,
  type RawRow,
  type Reader,
  sqlQuery,
  type Table,
} from "@atlas/storage";
import type { IndexDeclaration } from "./index-declaration.ts";
import { hashOf } from "./index-ledger.ts";

const columns = {
  name: { type: "text" },
  hash: { type: "text" },
  covered: { type: "integer" },
} as const;

const buildTable: Table<typeof columns> = defineTable("atlas_index_build", {
  columns,
  primaryKey: ["name"],
});

/** Smaller than the number of any row. */
const nothingCovered: number = Number.MIN_SAFE_INTEGER;

/** A rebuild that has begun. */
export interface Build {
  readonly name: string;
  readonly hash: string;
  /** Rows up to this number are done. */
  readonly covered: number;
}

const selectBuilds = sqlQuery<Build>("SELECT name, hash, covered FROM atlas_index_build", {
  decode: (row: RawRow) => ({
    name: String(row["name"]),
    hash: String(row["hash"]),
    covered: Number(row["covered"]),
  }),
});
const insertBuild = sqlQuery<RawRow, Build>(
  "INSERT INTO atlas_index_build (name, hash, covered) VALUES (:name, :hash, :covered)",
);
const updateBuild = sqlQuery<RawRow, Pick<Build, "name" | "covered">>(
  "UPDATE atlas_index_build SET covered = :covered WHERE name = :name",
);
const deleteBuild = sqlQuery<RawRow, Pick<Build, "name">>(
  "DELETE FROM atlas_index_build WHERE name = :name",
);

/** Rebuilds that have begun and not ended, by name of index. */
export async function readBuilds(
  reader: Reader,
  dialect: Dialect,
): Promise<ReadonlyMap<string, Build>> {
  if ((await reader.get(dialect.tableExists(buildTable.name))) === undefined) return new Map();
  return new Map((await reader.all(selectBuilds)).map((build) => [build.name, build]));
}

/** Begins a rebuild. */
export async function recordBuild(
  connection: Connection,
  dialect: Dialect,
  declaration: IndexDeclaration,
): Promise<void> {
  await createMissingTables(connection, dialect, { tables: [buildTable] });
  const { name } = declaration;
  await connection.run(insertBuild, {
    name,
    hash: hashOf(declaration),
    covered: nothingCovered,
  });
}

/** Rows up to `covered` are done. */
export async function coverBuild(
  connection: Connection,
  name: string,
  covered: number,
): Promise<void> {
  await connection.run(updateBuild, { name, covered });
}

/** The rebuild has ended, one way or the other. */
export async function forgetBuild(connection: Connection, name: string): Promise<void> {
  await connection.run(deleteBuild, { name });
}

/** SQL of the number up to which rows are done; for the triggers of an index that is being made. */
export function coveredSql(name: string): string {
  // Names of indexes are identifiers: checked when the coordinator was made.
  return `SELECT covered FROM atlas_index_build WHERE name = '${name}'`;
}
