import { columnReferences } from "../../optimizer/column-references.ts";
import { type ConditionTerm, conditionTerm } from "../../optimizer/condition-term.ts";
import { splitDisjunction } from "../../optimizer/sql-tree.ts";
import type { BlockSource, StatementBlock } from "../../optimizer/statement-blocks.ts";
import {
  countShare,
  lookUpCost,
  seekCost,
  selectivity,
  sortCost,
  unknownListRows,
  unknownTableRows,
  virtualRows,
} from "./cost-model.ts";
import { knownShare, shareOfValue } from "./measure-shares.ts";
import { type Access, expressionTerm } from "./plan-tree.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { TableFacts } from "./schema-facts.ts";
import { columnsIn } from "./statement-text.ts";

/** What reading one table costs. */
export interface PricedAccess {
  /** Once, whatever the steps before it give. */
  readonly once: number;
  /** For each row of the steps before it. */
  readonly each: number;
  /** Rows found for each row of the steps before it. */
  readonly found: number;
  /** Share of them that the conditions leave which the access does not answer. */
  readonly left: number;
}

/** Where an access stands. */
export interface AccessPlace {
  readonly copy: SchemaCopy;
  readonly block: StatementBlock | undefined;
  readonly table: TableFacts | undefined;
  /** Rows of a query that stands for a table, by the name it was given. */
  readonly named: ReadonlyMap<string, number>;
  /** The access is one side of an OR, which the other sides answer with it. */
  readonly sideOfOr: boolean;
  /** Names of sources that were read before, this one included. */
  readonly bound: ReadonlySet<string>;
}

/** Prices one access; see cost-model.ts for the factors. */
export function priceAccess(access: Access, place: AccessPlace): PricedAccess {
  const rows = rowsOfTable(access, place);
  const terms = termsOf(access, place);
  const answered = new Set(terms.filter((term) => isAnswered(term, access, place)));
  const left = shareLeft(
    terms.filter((term) => !answered.has(term)),
    rows,
    place,
  );
  const each =
    measuredRows(access, [...answered], place) ??
    foundRows(access, rows, place) * listedValues(access, [...answered]);
  const found = access.exists ? Math.min(1, each) : each;
  const looksUp = access.index !== undefined && !access.covering;
  const visit = 1 + (looksUp ? lookUpCost(rows) : 0);
  if (access.automatic) {
    return { once: rows + sortCost(rows), each: seekCost(rows) + found, found, left };
  }
  if (access.kind === "scan") {
    const share = countsOnly(place.block) ? countShare : 1;
    return { once: 0, each: found * visit * share, found, left };
  }
  const seeks = seeksOf(access, statisticFor(access, place));
  return { once: 0, each: seeks * seekCost(rows) + found * visit, found, left };
}

function rowsOfTable(access: Access, { copy, table, named }: AccessPlace): number {
  if (access.virtual) return virtualRows;
  const known = named.get(access.name.toLowerCase());
  if (table === undefined) return known ?? unknownTableRows;
  return copy.rowsOf(table.name) ?? unknownTableRows;
}

/**
 * Rows found when a sample has told it. Statistics count NULL among the values
 * and know no value by name, so they can be far from the truth for both.
 */
function measuredRows(
  access: Access,
  answered: readonly ConditionTerm[],
  { copy, table }: AccessPlace,
): number | undefined {
  const [term, second] = answered;
  const isSearch = access.index !== undefined && access.kind === "search" && !access.automatic;
  if (table === undefined || term === undefined || !isSearch || access.bounds.length > 0) {
    return undefined;
  }
  const rows = copy.rowsOf(table.name) ?? unknownTableRows;
  const index = table.indexes.find(({ name }) => name === access.index);
  if (index?.unique === true || access.equal.length !== answered.length) return undefined;
  if (answered.every(({ constant }) => constant)) {
    const share = knownShare(copy, table, answered);
    return share === undefined ? undefined : Math.max(1, share * rows);
  }
  if (second !== undefined || index?.partial === true) return undefined;
  const share = shareOfValue(copy, table, term);
  return share === undefined
    ? undefined
    : Math.max(1, share * rows) * (term.values ?? unknownListRows);
}

function foundRows(access: Access, rows: number, place: AccessPlace): number {
  const { table } = place;
  if (access.virtual) return virtualRows;
  if (access.firstOnly) return readsEndOnly(access, place) ? 1 : rows;
  if (access.automatic) return Math.min(rows, 10);
  const statistic = statisticFor(access, place);
  if (access.kind === "scan") return statistic?.[0] ?? rows;
  const bounded = selectivity.range ** Math.min(2, access.bounds.length);
  const entries = statistic?.[0] ?? rows;
  const answered = access.skipped + access.equal.length;
  if (answered === 0) return Math.max(1, entries * bounded);
  // Every index ends with the number of the row.
  if (access.key === "row" || access.equal.includes("rowid")) return 1;
  const index = table?.indexes.find(({ name }) => name === access.index);
  if (index?.unique === true && answered >= index.columns.length) return 1;
  // What SQLite assumes for an index it knows nothing of.
  const alike = statistic?.[answered] ?? Math.min(entries, 10);
  return Math.max(1, alike * bounded * seeksOf(access, statistic));
}

/** True for min() or max() of what an index or the numbers of rows are ordered by. */
function readsEndOnly({ index }: Access, { block, table, copy }: AccessPlace): boolean {
  if (index !== undefined || block === undefined) return true;
  const uses = block.results.flatMap((nodes) => columnReferences(nodes, block, columnsIn(copy)));
  return uses.every(({ column }) => column.toLowerCase() === table?.rowColumn?.toLowerCase());
}

function statisticFor(
  { index, key }: Access,
  { copy, table }: AccessPlace,
): readonly number[] | undefined {
  if (index !== undefined) return copy.statisticOf(index);
  return key === "primary" && table !== undefined ? copy.statisticOf(table.name) : undefined;
}

/** How often an access looks into its index: once for each value of the columns it skips. */
function seeksOf(access: Access, statistic: readonly number[] | undefined): number {
  const [entries = 1, ...alike] = statistic ?? [];
  return access.skipped === 0 ? 1 : Math.max(1, entries / (alike[access.skipped - 1] ?? entries));
}

function termsOf(access: Access, place: AccessPlace): readonly ConditionTerm[] {
  const { block, bound, copy } = place;
  const source = sourceOf(access, block);
  if (block === undefined || source === undefined) return [];
  const at = { block, columnsOf: columnsIn(copy) };
  return block.terms.flatMap((nodes) => {
    const term = conditionTerm(nodes, source, at);
    if (term === undefined) return [];
    const uses = columnReferences(nodes, block, at.columnsOf);
    // A condition on a table that is read later is checked then.
    const ready = uses.every(
      (each) => !block.sources.includes(each.source) || bound.has(each.source.name.toLowerCase()),
    );
    return ready ? [term] : [];
  });
}

function sourceOf(access: Access, block: StatementBlock | undefined): BlockSource | undefined {
  const name = access.name.toLowerCase();
  return (
    block?.sources.find((source) => source.name.toLowerCase() === name) ??
    block?.sources.find((source) => source.table?.toLowerCase() === name)
  );
}

function isAnswered(term: ConditionTerm, access: Access, place: AccessPlace): boolean {
  if (place.sideOfOr && splitDisjunction(term.nodes).length > 1) return true;
  const column = columnOf(term, place);
  const wanted = column?.toLowerCase() ?? expressionTerm;
  const within = (names: readonly string[]): boolean =>
    names.some(
      (name) => name.toLowerCase() === wanted || (name === "rowid" && isRow(place, wanted)),
    );
  if (term.kind === "equal" && within(access.equal)) return true;
  if (term.kind === "range" && within(access.bounds)) return true;
  return term.constant && isPartOfIndex(term, access, place);
}

function isRow({ table }: AccessPlace, column: string): boolean {
  return table?.rowColumn?.toLowerCase() === column;
}

function columnOf(term: ConditionTerm, { block, copy }: AccessPlace): string | undefined {
  const [reference, second] = columnReferences(term.expression, block!, columnsIn(copy));
  const isColumn = term.expression.length === 1 || term.expression.length === 3;
  return isColumn && second === undefined ? reference?.column : undefined;
}

function isPartOfIndex(term: ConditionTerm, access: Access, { table }: AccessPlace): boolean {
  const index = table?.indexes.find(({ name }) => name === access.index);
  if (index?.partial !== true || index.sql === undefined) return false;
  const text = (part: string): string => part.replaceAll(/[\s"()]+/g, "").toLowerCase();
  const own = term.nodes.flatMap((node) => ("text" in node ? [node.text] : [])).join("");
  return text(index.sql).includes(text(own));
}

function listedValues(access: Access, answered: readonly ConditionTerm[]): number {
  if (access.equal.length === 0) return 1;
  return answered.reduce((product, term) => {
    return term.kind === "equal" ? product * (term.values ?? unknownListRows) : product;
  }, 1);
}

function shareLeft(terms: readonly ConditionTerm[], rows: number, place: AccessPlace): number {
  const { copy, table } = place;
  const constant = terms.filter((term) => term.constant);
  // Measured together, because conditions on one row are seldom independent.
  const together = table === undefined ? undefined : knownShare(copy, table, constant);
  const apart = together === undefined ? terms : terms.filter((term) => !term.constant);
  const share = apart.reduce((left, term) => left * shareOf(term, rows, place), together ?? 1);
  // A sample in which nothing matched does not say that nothing does.
  return Math.max(share, 1 / Math.max(1, 2 * rows));
}

function shareOf(term: ConditionTerm, rows: number, place: AccessPlace): number {
  const { copy, table } = place;
  if (table === undefined) return selectivity[term.kind];
  if (term.constant) return knownShare(copy, table, [term]) ?? selectivity[term.kind];
  const ofOne = term.kind === "equal" ? shareOfValue(copy, table, term) : undefined;
  if (ofOne === undefined) return selectivity[term.kind];
  return Math.min(1, ofOne * (term.values ?? Math.min(rows, unknownListRows)));
}

/** True for `SELECT count(*) FROM t`, which SQLite answers without looking at rows. */
function countsOnly(block: StatementBlock | undefined): boolean {
  if (block === undefined || block.terms.length > 0 || block.sources.length !== 1) return false;
  const [result, second] = block.results;
  const [name, group] = result ?? [];
  return (
    second === undefined &&
    name?.kind === "word" &&
    name.text.toLowerCase() === "count" &&
    group?.kind === "group" &&
    group.nodes.length === 1 &&
    group.nodes[0]!.kind === "operator" &&
    block.groupBy.length === 0
  );
}
