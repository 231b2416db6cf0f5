import type { RedundantIndex } from "../../optimizer/query-optimizer.ts";
import { sqliteDialect } from "../sqlite-dialect.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { IndexColumnFacts, IndexFacts, TableFacts } from "./schema-facts.ts";
import { costOf, priceAgain, type Workload, type WorkloadItem } from "./workload.ts";

/** How much dearer the workload may become when an index goes, as a share. */
const dropCostShareMax = 0.01;

/**
 * Existing indexes that could go; each is taken out of the copy to see what
 * that does. `usedBefore` are those in use before anything was suggested.
 */
export function redundantIndexes(
  copy: SchemaCopy,
  workload: Workload,
  usedBefore: ReadonlySet<string>,
): readonly RedundantIndex[] {
  const names = [...copy.tables.values()].flatMap((table) =>
    table.indexes
      // Those behind keys and unique groups refuse rows: they are more than a way to find them.
      .filter(({ sql, unique }) => sql !== undefined && !unique)
      .map(({ name }) => ({ name, table: table.name })),
  );
  return names.flatMap(({ name, table }) => {
    const facts = copy.tables.get(table.toLowerCase());
    const index = facts?.indexes.find((each) => each.name === name);
    if (facts === undefined || index === undefined) return [];
    const found = reasonToDrop(index, facts, { ...workload, usedBefore });
    return found !== undefined && removes(copy, workload.items, index) ? [found] : [];
  });
}

function reasonToDrop(
  index: IndexFacts,
  table: TableFacts,
  { items, fromLog, usedBefore }: Workload & { readonly usedBefore: ReadonlySet<string> },
): RedundantIndex | undefined {
  const { name } = index;
  const sql = sqliteDialect.dropIndex(name).join(";");
  const longer = table.indexes.find((other) => other !== index && beginsWith(other, index));
  if (longer !== undefined) {
    return { name, table: table.name, reason: "prefix", servedBy: longer.name, sql };
  }
  // A short list of statements says nothing of what else runs.
  if (!fromLog || items.length === 0 || usedBefore.has(name) || servesReference(index, table))
    return undefined;
  return { name, table: table.name, reason: "unused", sql };
}

/** Takes the index out if that makes the workload no dearer. */
function removes(copy: SchemaCopy, items: readonly WorkloadItem[], index: IndexFacts): boolean {
  const plans = copy.tryOut(() => {
    copy.dropIndex(index);
    return plansOf(copy, items);
  });
  if (plans === undefined) return false;
  const cost = items.reduce((total, { runs }, at) => total + runs * plans[at]!.total, 0);
  if (cost > costOf(items) * (1 + dropCostShareMax)) return false;
  copy.dropIndex(index);
  for (const [at, item] of items.entries()) item.plan = plans[at]!;
  return true;
}

/** Undefined when a statement names the index, and so cannot do without it. */
function plansOf(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
): readonly WorkloadItem["plan"][] | undefined {
  try {
    return items.map((item) => priceAgain(copy, item));
  } catch {
    return undefined;
  }
}

function beginsWith(longer: IndexFacts, shorter: IndexFacts): boolean {
  const named = shorter.columns.every(({ name }) => name !== undefined);
  return (
    named &&
    conditionOf(longer) === conditionOf(shorter) &&
    shorter.columns.every((column, at) => isSame(column, longer.columns[at]))
  );
}

function isSame(one: IndexColumnFacts, other: IndexColumnFacts | undefined): boolean {
  return (
    other !== undefined &&
    one.name === other.name &&
    one.descending === other.descending &&
    one.collation === other.collation
  );
}

function conditionOf({ partial, sql }: IndexFacts): string {
  if (!partial) return "";
  return (sql ?? "").replace(/^[^]*?\)\s*WHERE\s/i, "").replaceAll(/\s+/g, " ");
}

/** SQLite looks into the child when a parent goes, which no statement shows. */
function servesReference(index: IndexFacts, table: TableFacts): boolean {
  return table.references.some(({ columns }) =>
    columns.every((_, at) => columns.includes(index.columns[at]?.name ?? "")),
  );
}
