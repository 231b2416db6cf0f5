import { analyze } from "@atlas/errors";
import type { Connection, Dialect } from "@atlas/storage";
import { countOrdinary, isSelect } from "./entry-count.ts";
import { stateOf } from "./existing-index.ts";
import type {
  IndexDeclaration,
  OrdinaryIndexDeclaration,
  SearchIndexDeclaration,
} from "./index-declaration.ts";
import type { Ledger } from "./index-ledger.ts";
import type { IndexFinding } from "./index-report.ts";
import type { MaintainedColumn } from "./maintained-column.ts";

/** What verifying one index needs. */
export interface Inspection {
  readonly dialect: Dialect;
  readonly ledger: Ledger;
  readonly columns: ReadonlyMap<string, MaintainedColumn>;
  /** Findings wanted of this index at most. */
  readonly limit: number;
}

/**
 * Compares one index with its declaration and with the data. Runs in a
 * transaction that may write, because a database may have to in order to look
 * into a search index; nothing is changed.
 */
export async function verifyIndex(
  connection: Connection,
  declaration: IndexDeclaration,
  inspection: Inspection,
): Promise<readonly IndexFinding[]> {
  const { name: index, kind } = declaration;
  try {
    const state = await stateOf(connection, inspection.dialect, { declaration, ...inspection });
    if (state === "missing") return [{ index, kind, problem: "missing" }];
    if (state === "otherwise") return [{ index, kind, problem: "definition_differs" }];
    switch (declaration.kind) {
      case "unique":
      case "secondary":
        return await verifyOrdinary(connection, declaration, inspection);
      case "search":
        return await verifySearch(connection, declaration, inspection);
      case "maintained": {
        const column = inspection.columns.get(index)!;
        const wrong = await column.findWrong(connection, inspection.limit);
        return wrong.map((value) => ({ index, kind, problem: "value_differs", ...value }));
      }
    }
  } catch (error) {
    const { code, type } = analyze(error);
    if (code === "index.corrupt") return [{ index, kind, problem: "entries_differ" }];
    // Only what is wrong with the data is a finding; a lock or a full disk is not.
    if (code !== "storage.corrupt") throw error;
    return [{ index, kind, problem: "unreadable", actual: `${type}: ${code}` }];
  }
}

async function verifyOrdinary(
  connection: Connection,
  declaration: OrdinaryIndexDeclaration,
  { dialect }: Inspection,
): Promise<readonly IndexFinding[]> {
  const { name: index, kind } = declaration;
  const { entries, rows } = await countOrdinary(connection, dialect, declaration);
  if (entries === rows) return [];
  return [{ index, kind, problem: "entries_differ", expected: rows, actual: entries }];
}

async function verifySearch(
  connection: Connection,
  declaration: SearchIndexDeclaration,
  { dialect, limit }: Inspection,
): Promise<readonly IndexFinding[]> {
  const { name: index, kind } = declaration;
  const findings: IndexFinding[] = [];
  for (const query of dialect.verifySearchIndex(declaration)) {
    const bounded = isSelect(query) ? `SELECT * FROM (${query.sql}) LIMIT ${limit}` : query.sql;
    const params = query.params.filter((value) => typeof value !== "object" || value === null);
    const { rows } = await connection.execute(bounded, params as never);
    for (const row of rows) {
      const inTable = row["side"] === "table" ? 1 : 0;
      const sides = { expected: inTable, actual: 1 - inTable };
      findings.push({ index, kind, problem: "entries_differ", key: row["row"] ?? null, ...sides });
    }
    // Which rows differ is known; that their words differ says nothing more.
    if (findings.length > 0) return findings;
  }
  return findings;
}
