import { analyze } from "@atlas/errors";
import type { Dialect, Reader } from "@atlas/storage";
import { definitionOf } from "./build-index.ts";
import type { Tables } from "./check-declarations.ts";
import { isSelect } from "./entry-count.ts";
import { isAsRecorded, primaryIndex, stateOf } from "./existing-index.ts";
import type {
  IndexDeclaration,
  OrdinaryIndexDeclaration,
  PrimaryIndexDeclaration,
  SearchIndexDeclaration,
} from "./index-declaration.ts";
import type { Ledger } from "./index-ledger.ts";
import type { ResolvedIndexOptions } from "./index-options.ts";
import type { IndexFinding } from "./index-report.ts";
import type { MaintainedColumn } from "./maintained-column.ts";
import type { Pace } from "./pace.ts";
import { proveTree } from "./tree-proof.ts";
import { compareParts, compareWords, existingParts } from "./verify-search.ts";

/** What verifying one index needs. */
export interface Inspection {
  readonly dialect: Dialect;
  readonly tables: Tables;
  readonly ledger: Ledger;
  readonly columns: ReadonlyMap<string, MaintainedColumn>;
  readonly pace: Pace;
  /** Findings wanted of this index at most. */
  readonly limit: number;
}

type Finding = Omit<IndexFinding, "index" | "kind">;

/** Compares one index with its declaration and with the data, on the snapshot of `reader`. */
export async function verifyIndex(
  reader: Reader,
  declaration: IndexDeclaration,
  inspection: Inspection,
): Promise<readonly IndexFinding[]> {
  const { name: index, kind } = declaration;
  const { dialect } = inspection;
  try {
    const findings = await compare(reader, declaration, inspection);
    return findings.map((finding) => ({ index, kind, ...finding }));
  } catch (error) {
    return [{ index, kind, ...(await findingOf(error, reader, { declaration, dialect })) }];
  }
}

/**
 * Looks at the inner structure of a search index, by a statement of the
 * database that needs a transaction which may write and changes nothing. What
 * it finds rolls that transaction back.
 */
export async function verifyStructure(
  declaration: SearchIndexDeclaration,
  { transactions, dialect, buildTimeoutMs: holdTimeoutMs }: ResolvedIndexOptions,
): Promise<readonly IndexFinding[]> {
  const { name: index, kind } = declaration;
  const statements = dialect.verifySearchIndex(declaration).filter((query) => !isSelect(query));
  try {
    await transactions.atomic(
      async (connection) => {
        for (const { sql } of statements) await connection.execute(sql);
      },
      { holdTimeoutMs },
    );
    return [];
  } catch (error) {
    const finding = await transactions.read((reader) =>
      findingOf(error, reader, { declaration, dialect }),
    );
    return [{ index, kind, ...finding }];
  }
}

async function compare(
  reader: Reader,
  declaration: IndexDeclaration,
  inspection: Inspection,
): Promise<readonly Finding[]> {
  if (declaration.kind === "search") return compareSearch(reader, declaration, inspection);
  const state = await stateOf(reader, declaration, inspection);
  if (state === "missing") return [{ problem: "missing" }];
  if (state === "otherwise") return [{ problem: "definition_differs" }];
  switch (declaration.kind) {
    case "primary":
      return comparePrimary(reader, declaration, inspection);
    case "unique":
    case "secondary":
      return compareOrdinary(reader, declaration, inspection);
    case "maintained": {
      const wrong = await inspection.columns.get(declaration.name)!.findWrong(reader, inspection);
      return wrong.map((value) => ({ problem: "value_differs", ...value }));
    }
  }
}

async function compareOrdinary(
  reader: Reader,
  declaration: OrdinaryIndexDeclaration,
  inspection: Inspection,
): Promise<readonly Finding[]> {
  const { name, on, where } = definitionOf(declaration);
  const { dialect, tables } = inspection;
  const parts = on.map((part) =>
    typeof part === "string" ? dialect.quoteIdentifier(part) : `(${part.expression})`,
  );
  return proveTree(
    reader,
    {
      name,
      parts,
      table: tables.get(declaration.table)!,
      unique: declaration.kind === "unique",
      ...(where === undefined ? {} : { where }),
    },
    inspection,
  );
}

async function comparePrimary(
  reader: Reader,
  declaration: PrimaryIndexDeclaration,
  inspection: Inspection,
): Promise<readonly Finding[]> {
  const { dialect, tables } = inspection;
  const table = tables.get(declaration.table)!;
  // It is there: its state was looked at first.
  const index = (await primaryIndex(reader, declaration, inspection))!;
  const parts = table.primaryKey.map((column) => dialect.quoteIdentifier(column));
  return proveTree(reader, { ...index, table, parts, unique: true }, inspection);
}

async function compareSearch(
  reader: Reader,
  declaration: SearchIndexDeclaration,
  inspection: Inspection,
): Promise<readonly Finding[]> {
  const { dialect, tables, ledger } = inspection;
  const existing = await existingParts(reader, declaration, dialect);
  if (!existing.has(declaration.name)) return [{ problem: "missing" }];
  const table = tables.get(declaration.table)!;
  const parts = await compareParts(reader, declaration, { dialect, table });
  const changed = parts.some(({ part }) => part === declaration.name);
  if (changed || isAsRecorded(declaration, ledger) !== true) {
    return [{ problem: "definition_differs" }];
  }
  // Without the view of its words an index cannot be read; to make it again mends both.
  const words = parts.some(({ part }) => part === dialect.searchWordsName(declaration))
    ? []
    : await compareWords(reader, declaration, { ...inspection, table });
  return [...parts, ...words];
}

/** Only what is wrong with the data is a finding; a lock or a full disk is not. */
async function findingOf(
  error: unknown,
  reader: Reader,
  { declaration, dialect }: { readonly declaration: IndexDeclaration; readonly dialect: Dialect },
): Promise<Finding> {
  const { code, type } = analyze(error);
  // Our own statements are valid: a search index that refuses one cannot even be opened.
  const closed = declaration.kind === "search" && code === "storage.statement_invalid";
  if (closed) return { problem: "unreadable", actual: `${type}: ${code}` };
  if (code !== "index.corrupt") return unreadable(error);
  if (declaration.kind !== "search") return { problem: "entries_differ" };
  // Whoever reads words from a damaged page takes them for wrong words.
  try {
    const [damaged] = await reader.all(dialect.searchStorageDamage(declaration));
    if (damaged === undefined) return { problem: "entries_differ" };
    return { problem: "unreadable", part: String(damaged["table"]) };
  } catch (damage) {
    return unreadable(damage);
  }
}

function unreadable(error: unknown): Finding {
  const { code, type } = analyze(error);
  if (code !== "storage.corrupt") throw error;
  return { problem: "unreadable", actual: `${type}: ${code}` };
}
