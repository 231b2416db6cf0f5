import { setImmediate } from "node:timers/promises";
import { AtlasError } from "@atlas/errors";
import { withoutIndexHints } from "../../optimizer/index-hints.ts";
import type { OptimizerQuery } from "../../optimizer/query-optimizer.ts";
import type { QueryLog } from "../../query-log/query-log.ts";
import { quoteIdentifier } from "../quote-identifier.ts";
import { measureShares } from "./measure-shares.ts";
import { pricePlan, type PricedPlan } from "./price-plan.ts";
import type { Samples } from "./sample-tables.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { TableFacts } from "./schema-facts.ts";
import { readStatement, type StatementText } from "./statement-text.ts";

/** Statements that one call looks at: those that took most time. */
const workloadStatementsMax = 500;

/** One statement with how often it ran. */
export interface WorkloadItem {
  readonly statement: StatementText;
  readonly runs: number;
  /** Rows that one run returned or changed, when that is known. */
  readonly knownRows: number | undefined;
  plan: PricedPlan;
}

/** Statements that are priced together. */
export interface Workload {
  readonly items: readonly WorkloadItem[];
  readonly skipped: readonly string[];
  readonly fromLog: boolean;
}

interface Given {
  readonly sql: string;
  readonly runs: number;
  readonly rows: number | undefined;
}

/** Reads and prices a workload; what cannot be planned is set aside. */
export async function readWorkload(
  copy: SchemaCopy,
  workload: QueryLog | readonly OptimizerQuery[],
  samples: Samples,
): Promise<Workload> {
  const given = givenStatements(workload);
  const items: WorkloadItem[] = [];
  const skipped: string[] = [];
  for (const each of given.slice(0, workloadStatementsMax)) {
    // Planning one takes a fraction of a millisecond; others may go in between.
    await setImmediate();
    try {
      await measureShares(copy, readStatement(each.sql), samples);
      const item = itemOf(copy, each);
      if (item !== undefined) items.push(item, ...impliedBy(copy, item));
    } catch (error) {
      if (!AtlasError.is(error) || error.code === "storage.closed") throw error;
      skipped.push(each.sql);
    }
  }
  return { items, skipped, fromLog: !Array.isArray(workload) };
}

/** What the workload costs with the indexes that the copy has now. */
export function costOf(items: readonly WorkloadItem[]): number {
  return items.reduce((total, { runs, plan }) => total + runs * plan.total, 0);
}

/** Prices a statement of the workload again. */
export function priceAgain(copy: SchemaCopy, item: WorkloadItem): PricedPlan {
  return pricePlan(copy, item.statement, item.knownRows);
}

function givenStatements(workload: QueryLog | readonly OptimizerQuery[]): readonly Given[] {
  if ("entries" in workload && !Array.isArray(workload)) {
    const log = workload as QueryLog;
    return log
      .entries()
      .map(({ sql, runs, rows }) => ({ sql, runs, rows: rows / Math.max(1, runs) }));
  }
  return (workload as readonly OptimizerQuery[]).map((query) => {
    return { sql: typeof query === "string" ? query : query.sql, runs: 1, rows: undefined };
  });
}

/** A statement that names an index which is gone is taken without that. */
function itemOf(copy: SchemaCopy, given: Given): WorkloadItem | undefined {
  const unhinted = withoutIndexHints(given.sql);
  if (unhinted === given.sql) return planned(copy, given);
  try {
    return planned(copy, given);
  } catch {
    return planned(copy, { ...given, sql: unhinted });
  }
}

function planned(copy: SchemaCopy, { sql, runs, rows }: Given): WorkloadItem | undefined {
  const statement = readStatement(sql);
  if (statement.blocks.length === 0 && statement.writes === undefined) return undefined;
  const plan = pricePlan(copy, statement, rows);
  return { statement, runs, knownRows: rows, plan };
}

/** The look-ups in other tables that a change makes because they refer to the changed one. */
function impliedBy(copy: SchemaCopy, item: WorkloadItem): readonly WorkloadItem[] {
  const { writes } = item.statement;
  const table = writes === undefined ? undefined : copy.tables.get(writes.table);
  if (writes === undefined || table === undefined || writes.verb === "insert") return [];
  const referring = [...copy.tables.values()].flatMap((child) =>
    child.references
      .filter((reference) => reference.table.toLowerCase() === writes.table)
      .filter(
        ({ references }) =>
          writes.verb === "delete" ||
          keyOf(table, references).some((column) => writes.assigned.includes(column)),
      )
      .map(({ columns }) => ({ child, columns })),
  );
  return referring.map(({ child, columns }) => {
    const condition = columns.map((column) => `${quoteIdentifier(column)} = ?`).join(" AND ");
    const statement = readStatement(
      `SELECT 1 FROM ${quoteIdentifier(child.name)} WHERE ${condition}`,
    );
    // It costs nothing here: the plan of the change holds it. Candidates come from its text.
    return { statement, runs: 0, knownRows: undefined, plan: pricePlan(copy, statement) };
  });
}

function keyOf(table: TableFacts, references: readonly string[]): readonly string[] {
  if (references.length > 0) return references.map((name) => name.toLowerCase());
  const key = table.indexes.find(({ isTable }) => isTable);
  if (key === undefined)
    return table.rowColumn === undefined ? [] : [table.rowColumn.toLowerCase()];
  return key.columns.flatMap(({ name }) => (name === undefined ? [] : [name.toLowerCase()]));
}
