import type { QueryStep } from "../../optimizer/query-optimizer.ts";
import { lexSql } from "../../optimizer/sql-lexemes.ts";
import { nameOf } from "../../optimizer/sql-tree.ts";
import { entryCost, unknownTableRows } from "./cost-model.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { IndexFacts, TableFacts } from "./schema-facts.ts";
import type { StatementText } from "./statement-text.ts";

/** What changing rows costs, the indexes they are in included. */
export function priceWrites(
  copy: SchemaCopy,
  { writes }: StatementText,
  rows: number,
): { readonly steps: readonly QueryStep[]; readonly cost: number; readonly rows: number } {
  const table = writes === undefined ? undefined : copy.tables.get(writes.table);
  if (writes === undefined || table === undefined) return { steps: [], cost: 0, rows };
  const indexes = table.indexes.filter(
    (index) =>
      !index.isTable &&
      (writes.verb !== "update" || writes.assigned.some((column) => holds(index, column))),
  );
  const own = entryCost(copy.rowsOf(table.name) ?? unknownTableRows);
  const each = indexes.reduce((total, index) => {
    // An update takes the old entry out and puts the new one in.
    return total + indexWriteCost(copy, table, index) * (writes.verb === "update" ? 2 : 1);
  }, own);
  const names = indexes.length === 0 ? "" : ` AND ${indexes.length} INDEXES`;
  const step: QueryStep = {
    type: "write",
    table: table.name,
    estimatedRows: rows,
    cost: each * rows,
    detail: `${writes.verb.toUpperCase()} ${table.name}${names}`,
    depth: 0,
  };
  return { steps: [step], cost: step.cost, rows };
}

/** What one changed row costs in an index, on average over those that are in it and those that are not. */
export function indexWriteCost(copy: SchemaCopy, table: TableFacts, index: IndexFacts): number {
  const rows = Math.max(1, copy.rowsOf(table.name) ?? unknownTableRows);
  const entries = copy.rowsOf(index.name) ?? rows;
  // A condition has to be looked at for every row.
  return 1 + entryCost(entries) * Math.min(1, entries / rows);
}

function holds(index: IndexFacts, column: string): boolean {
  if (index.columns.some(({ name }) => name?.toLowerCase() === column)) return true;
  if (!index.partial && index.columns.every(({ name }) => name !== undefined)) return false;
  return lexSql(index.sql ?? "").some((lexeme) => nameOf(lexeme)?.toLowerCase() === column);
}
