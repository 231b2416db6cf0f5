import type { Dialect, Reader } from "@atlas/storage";
import { definitionOf } from "./build-index.ts";
import type { Tables } from "./check-declarations.ts";
import type {
  IndexDeclaration,
  OrdinaryIndexDeclaration,
  PrimaryIndexDeclaration,
} from "./index-declaration.ts";
import { hashOf, type Ledger } from "./index-ledger.ts";
import { compareParts, existingParts } from "./verify-search.ts";

/** How an index stands to its declaration. */
export type IndexState = "as_declared" | "missing" | "otherwise";

/** What a declaration is compared with. */
export interface Existing {
  readonly dialect: Dialect;
  readonly tables: Tables;
  readonly ledger: Ledger;
}

/** Compares one declaration with what is there and with what was recorded about it. */
export async function stateOf(
  reader: Reader,
  declaration: IndexDeclaration,
  { dialect, tables, ledger }: Existing,
): Promise<IndexState> {
  const asRecorded = isAsRecorded(declaration, ledger);
  switch (declaration.kind) {
    case "primary":
      return (await primaryIndex(reader, declaration, { dialect, tables })) === undefined
        ? "missing"
        : "as_declared";
    case "maintained":
      return asRecorded === undefined ? "missing" : asRecorded ? "as_declared" : "otherwise";
    case "search": {
      const existing = await existingParts(reader, declaration, dialect);
      if (!existing.has(declaration.name)) return "missing";
      const table = tables.get(declaration.table)!;
      const differing = await compareParts(reader, declaration, { dialect, table });
      return asRecorded === true && differing.length === 0 ? "as_declared" : "otherwise";
    }
    case "unique":
    case "secondary": {
      const sql = await sqlOfIndex(reader, dialect, declaration);
      if (sql === undefined) return "missing";
      const wanted = dialect.createIndex(definitionOf(declaration)).join(";");
      return asRecorded === true && plain(sql) === plain(wanted) ? "as_declared" : "otherwise";
    }
  }
}

/** True when it was made from this declaration; undefined when it was not made here. */
export function isAsRecorded(declaration: IndexDeclaration, ledger: Ledger): boolean | undefined {
  const recorded = ledger.get(declaration.name);
  return recorded && hashOf(recorded.declaration) === hashOf(declaration);
}

/** The index behind a primary key; without a name when the table is its own. */
export async function primaryIndex(
  reader: Reader,
  { table }: PrimaryIndexDeclaration,
  { dialect, tables }: Pick<Existing, "dialect" | "tables">,
): Promise<{ readonly name?: string } | undefined> {
  const { primaryKey } = tables.get(table)!;
  const index = await reader.get(dialect.keyIndex(table, primaryKey));
  if (index !== undefined) return { name: String(index["name"]) };
  const columns = await reader.all(dialect.primaryKeyColumns(table));
  return columns.map(({ column }) => column).join() === primaryKey.join() ? {} : undefined;
}

async function sqlOfIndex(
  reader: Reader,
  dialect: Dialect,
  { name, table }: OrdinaryIndexDeclaration,
): Promise<string | undefined> {
  const rows = await reader.all(dialect.listIndexes(table));
  const row = rows.find((found) => found["name"] === name);
  return row === undefined ? undefined : String(row["sql"]);
}

function plain(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}
