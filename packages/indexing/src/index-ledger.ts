/**
 * The ledger remembers which indexes were made here and from which declaration,
 * so that a changed declaration is noticed and nothing of anybody else is ever
 * removed. It is written in the transaction that makes or removes the index.
 */
import { createHash } from "node:crypto";
import {
  type Connection,
  createMissingTables,
  defineTable,
  type Dialect,
  type Query,
  type RawRow,
  type Reader,
  sqlQuery,
  type Table,
} from "@atlas/storage";
import type { IndexDeclaration } from "./index-declaration.ts";

const columns = {
  owner: { type: "text" },
  name: { type: "text" },
  hash: { type: "text" },
  definition: { type: "text" },
} as const;

const ledgerTable: Table<typeof columns> = defineTable("atlas_index", {
  columns,
  primaryKey: ["owner", "name"],
});

/** An index that was made here, with the declaration it was made from. */
export interface LedgerEntry {
  readonly name: string;
  readonly hash: string;
  readonly declaration: IndexDeclaration;
}

interface EntryValues {
  readonly owner: string;
  readonly name: string;
  readonly hash: string;
  readonly definition: string;
}

const selectEntries: Query<LedgerEntry, { readonly owner: string }> = sqlQuery(
  "SELECT name, hash, definition FROM atlas_index WHERE owner = :owner ORDER BY name",
  { decode: entryOf },
);
const deleteEntry: Query<RawRow, { readonly owner: string; readonly name: string }> = sqlQuery(
  "DELETE FROM atlas_index WHERE owner = :owner AND name = :name",
);
const insertEntry: Query<RawRow, EntryValues> = sqlQuery(
  "INSERT INTO atlas_index (owner, name, hash, definition) " +
    "VALUES (:owner, :name, :hash, :definition)",
);

/** What one owner has made, by name. */
export type Ledger = ReadonlyMap<string, LedgerEntry>;

/** What one owner has made; undefined in a store that has no ledger yet. */
export async function readLedger(
  reader: Reader,
  dialect: Dialect,
  owner: string,
): Promise<Ledger | undefined> {
  if ((await reader.get(dialect.tableExists(ledgerTable.name))) === undefined) return undefined;
  const entries = await reader.all(selectEntries, { owner });
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** Makes the ledger in a store that has none. */
export function createLedger(connection: Connection, dialect: Dialect): Promise<void> {
  return createMissingTables(connection, dialect, { tables: [ledgerTable] });
}

/** Remembers that an index was made from this declaration. */
export async function recordIndex(
  connection: Connection,
  owner: string,
  declaration: IndexDeclaration,
): Promise<void> {
  const { name } = declaration;
  await connection.run(deleteEntry, { owner, name });
  await connection.run(insertEntry, {
    owner,
    name,
    hash: hashOf(declaration),
    definition: JSON.stringify(declaration),
  });
}

/** Forgets an index that was removed. */
export async function forgetIndex(
  connection: Connection,
  owner: string,
  name: string,
): Promise<void> {
  await connection.run(deleteEntry, { owner, name });
}

/** The same for two declarations that say the same, in whatever order they list it. */
export function hashOf(declaration: IndexDeclaration): string {
  return createHash("sha256")
    .update(JSON.stringify(definitionOf(declaration)))
    .digest("hex");
}

/** What of a declaration decides what is built; who may change the rows does not. */
function definitionOf(declaration: IndexDeclaration): unknown {
  const { kind, table } = declaration;
  switch (kind) {
    case "primary":
      return [kind, table];
    case "unique":
    case "secondary":
      return [kind, table, declaration.on.map(partOf), declaration.where ?? null];
    case "search": {
      const { columns: searched, prefix = [], stem, substring } = declaration;
      const words = prefix.length === 0 && !stem && !substring ? [] : [prefix, stem, substring];
      return [kind, table, Object.entries(searched), ...words];
    }
    case "maintained": {
      // How it is broken into lines, and whether names are quoted, says nothing about the value.
      const expression = declaration.expression
        .trim()
        .replace(/'(?:[^']|'')*'|"([A-Za-z]\w*)"|\s+/g, (part, name?: string) =>
          part.startsWith("'") ? part : (name ?? " "),
        );
      return [kind, table, declaration.column, declaration.key, expression];
    }
  }
}

function partOf(
  part: string | { readonly expression: string; readonly direction?: string },
): unknown {
  return typeof part === "string" ? part : [part.expression, part.direction ?? "asc"];
}

function entryOf(row: RawRow): LedgerEntry {
  return {
    name: String(row["name"]),
    hash: String(row["hash"]),
    // Written by recordIndex; nothing else writes this table.
    declaration: JSON.parse(String(row["definition"])) as IndexDeclaration,
  };
}
