import { AtlasError } from "@atlas/errors";
import type { Dialect, Reader } from "@atlas/storage";
import { definitionOf } from "./build-index.ts";
import type {
  IndexDeclaration,
  OrdinaryIndexDeclaration,
  SearchIndexDeclaration,
} from "./index-declaration.ts";
import { hashOf, type Ledger } from "./index-ledger.ts";

/** How an index stands to its declaration. */
export type IndexState = "as_declared" | "missing" | "otherwise";

/** Compares one declaration with what is there and with what was recorded about it. */
export async function stateOf(
  reader: Reader,
  dialect: Dialect,
  { declaration, ledger }: { readonly declaration: IndexDeclaration; readonly ledger: Ledger },
): Promise<IndexState> {
  const recorded = ledger.get(declaration.name);
  const asRecorded = recorded?.hash === hashOf(declaration);
  switch (declaration.kind) {
    case "maintained":
      return recorded === undefined ? "missing" : asRecorded ? "as_declared" : "otherwise";
    case "search":
      if (!(await searchExists(reader, dialect, declaration))) return "missing";
      return asRecorded ? "as_declared" : "otherwise";
    case "unique":
    case "secondary": {
      const sql = await sqlOfIndex(reader, dialect, declaration);
      if (sql === undefined) return "missing";
      const wanted = dialect.createIndex(definitionOf(declaration)).join(";");
      return asRecorded && plain(sql) === plain(wanted) ? "as_declared" : "otherwise";
    }
  }
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

/** Asks the index for nothing: it answers if it is there. */
async function searchExists(
  reader: Reader,
  dialect: Dialect,
  declaration: SearchIndexDeclaration,
): Promise<boolean> {
  const [column] = Object.keys(declaration.columns);
  const table = dialect.quoteIdentifier(declaration.table);
  const condition = dialect.searchCondition(declaration, column!);
  try {
    const sql = `SELECT 1 AS found FROM ${table} WHERE ${condition} LIMIT 0`;
    await reader.all({ sql, params: [dialect.searchText("")] });
    return true;
  } catch (error) {
    if (AtlasError.is(error) && error.code === "storage.statement_invalid") return false;
    throw error;
  }
}

function plain(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}
