import { columnReferences } from "../../optimizer/column-references.ts";
import { type ConditionTerm, conditionTerm, isConstant } from "../../optimizer/condition-term.ts";
import type { BlockSource, StatementBlock } from "../../optimizer/statement-blocks.ts";
import {
  isWord,
  nameOf,
  splitConjunction,
  splitDisjunction,
  type SqlNodes,
} from "../../optimizer/sql-tree.ts";
import { textWithoutSource } from "../../optimizer/text-without-source.ts";
import { quoteIdentifier } from "../quote-identifier.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { TableFacts } from "./schema-facts.ts";
import { columnsIn, type StatementText } from "./statement-text.ts";

/** Columns of a suggested index; more of them seldom find fewer rows. */
const indexColumnsMax = 5;

/** One column of a candidate. */
export interface CandidateColumn {
  /** A column's name as it was declared, or the SQL of an expression. */
  readonly text: string;
  readonly isColumn: boolean;
  readonly descending: boolean;
  /** The condition with a fixed value that the column is there for. */
  readonly fixed?: string;
}

/** An index that might help. */
export interface IndexCandidate {
  readonly table: TableFacts;
  readonly columns: readonly CandidateColumn[];
  /** The condition of a partial index. */
  readonly where: string | undefined;
}

/** The indexes that could help a statement, none of which exists. */
export function indexCandidates(
  copy: SchemaCopy,
  statement: StatementText,
): readonly IndexCandidate[] {
  const found = new Map<string, IndexCandidate>();
  for (const block of statement.blocks) {
    for (const source of block.sources) {
      const table =
        source.table === undefined ? undefined : copy.tables.get(source.table.toLowerCase());
      if (table === undefined || table.virtual) continue;
      for (const candidate of candidatesFor({ copy, block, source, table })) {
        if (!isServed(candidate)) found.set(candidateKey(candidate), candidate);
      }
    }
  }
  return [...found.values()];
}

/** The same for candidates that make the same index. */
export function candidateKey({ table, columns, where }: IndexCandidate): string {
  return JSON.stringify([table.name, columns.map((each) => [each.text, each.descending]), where]);
}

interface Place {
  readonly copy: SchemaCopy;
  readonly block: StatementBlock;
  readonly source: BlockSource;
  readonly table: TableFacts;
}

function candidatesFor(place: Place): readonly IndexCandidate[] {
  const { block } = place;
  const order = leading(block.orderBy, place);
  const group = leading(
    block.groupBy.map((nodes) => ({ nodes, descending: false })),
    place,
  );
  const ends = [order, group];
  const whole = candidatesOf(place, block.terms, ends);
  // Each side of an OR needs an index of its own, or the whole table is read.
  const sides = block.terms.flatMap((term) => {
    const parts = splitDisjunction(term);
    return parts.length < 2
      ? []
      : parts.flatMap((part) => candidatesOf(place, splitConjunction(part), []));
  });
  return [...whole, ...sides];
}

function candidatesOf(
  place: Place,
  conditions: readonly SqlNodes[],
  ends: readonly (readonly CandidateColumn[])[],
): readonly IndexCandidate[] {
  const { copy, block, source, table } = place;
  const at = { block, columnsOf: columnsIn(copy) };
  const terms = conditions.flatMap((nodes) => conditionTerm(nodes, source, at) ?? []);
  const columnOf = (term: ConditionTerm): CandidateColumn => columnOfTerm(term, place);
  // Columns compared with given values first: they tell rows apart better than fixed ones do.
  const equal = terms
    .filter(({ kind }) => kind === "equal")
    .toSorted((a, b) => Number(a.constant) - Number(b.constant));
  const given = equal.filter(({ joins }) => !joins);
  const ranges = terms.filter(({ kind }) => kind === "range").map(columnOf);
  const tails = [[], ...ranges.map((range) => [range]), ...ends];
  const heads = [equal, given, []].map((each) => each.map(columnOf));
  // One row is found by its key as fast as by anything longer.
  if (findsOneRow(equal.map(columnOf), table)) return [];
  const plain = [
    ...heads.flatMap((head) => tails.map((tail) => listOf([...head, ...tail]))),
    // Alone, so that several statements may share one.
    ...equal.map((term) => [columnOf(term)]),
  ];
  // `=` finds no NULL: where a column is seldom set, an index of those that are set is small.
  const set = given
    .filter((term) => !term.constant)
    .map(columnOf)
    .filter(({ text }) => table.columns.get(text.toLowerCase())?.required === false);
  const candidates: IndexCandidate[] = [
    ...plain.map((columns) => ({ table, columns, where: undefined })),
    ...set.map((column) => ({ table, columns: [column], where: `${quoted(column)} IS NOT NULL` })),
    ...partialCandidates(place, { equal, given, tails, constant: terms.filter(isConstantTerm) }),
  ];
  return candidates.filter(isPossible);
}

/** What holds for the rows a statement wants, whatever its values are, goes into the condition. */
function partialCandidates(
  place: Place,
  of: {
    readonly equal: readonly ConditionTerm[];
    readonly given: readonly ConditionTerm[];
    readonly constant: readonly ConditionTerm[];
    readonly tails: readonly (readonly CandidateColumn[])[];
  },
): readonly IndexCandidate[] {
  const { source, table } = place;
  if (of.constant.length === 0) return [];
  const columnOf = (term: ConditionTerm): CandidateColumn => columnOfTerm(term, place);
  const where = of.constant.map(({ nodes }) => conditionText(nodes, source)).join(" AND ");
  const heads = [of.equal, of.given, []].map((each) =>
    each.filter((term) => !term.constant).map(columnOf),
  );
  // With nothing left to find rows by, one of the constant columns stands for the rest.
  const fallback = of.constant
    .map(columnOf)
    .filter(({ isColumn }) => isColumn)
    .slice(0, 1);
  return heads.flatMap((head) =>
    [...of.tails, fallback].map((tail) => ({ table, columns: listOf([...head, ...tail]), where })),
  );
}

function columnOfTerm(term: ConditionTerm, place: Place): CandidateColumn {
  const column = columnFrom(term.expression, false, place);
  if (term.kind !== "equal" || !term.constant) return column;
  return { ...column, fixed: conditionText(term.nodes, place.source) };
}

function isConstantTerm({ constant }: ConditionTerm): boolean {
  return constant;
}

function quoted({ text, isColumn }: CandidateColumn): string {
  return isColumn ? quoteIdentifier(text) : text;
}

function conditionText(nodes: SqlNodes, source: BlockSource): string {
  const text = textWithoutSource(nodes, source.name);
  return nodes.some((node) => isWord(node, "OR")) ? `(${text})` : text;
}

/** The first parts of an order that belong to one source. */
function leading(
  order: readonly { readonly nodes: SqlNodes; readonly descending: boolean }[],
  place: Place,
): readonly CandidateColumn[] {
  const { block, source, copy } = place;
  const at = { block, columnsOf: columnsIn(copy) };
  const own: CandidateColumn[] = [];
  for (const { nodes, descending } of order) {
    const meant = resultNamed(nodes, block) ?? nodes;
    const uses = columnReferences(meant, block, at.columnsOf);
    if (uses.length === 0 || !isConstant(meant, source, at)) break;
    own.push(columnFrom(meant, descending, place));
  }
  // An index is read backwards as well: what matters is which columns differ from the first.
  const [first] = own;
  return first?.descending === true
    ? own.map((column) => ({ ...column, descending: !column.descending }))
    : own;
}

/** The expression behind `ORDER BY total` or `ORDER BY 2`. */
function resultNamed(nodes: SqlNodes, block: StatementBlock): SqlNodes | undefined {
  const [only, second] = nodes;
  if (only === undefined || second !== undefined) return undefined;
  if (only.kind === "number") return withoutAlias(block.results[Number(only.text) - 1]);
  const name = nameOf(only);
  if (name === undefined) return undefined;
  return withoutAlias(
    block.results.find((result) => isWord(result.at(-2), "AS") && nameOf(result.at(-1)) === name),
  );
}

function withoutAlias(result: SqlNodes | undefined): SqlNodes | undefined {
  return result !== undefined && isWord(result.at(-2), "AS") ? result.slice(0, -2) : result;
}

function columnFrom(
  nodes: SqlNodes,
  descending: boolean,
  { source, table }: Place,
): CandidateColumn {
  const text = textWithoutSource(nodes, source.name);
  const last = nodes.at(-1);
  const name = nodes.length === 1 || nodes.length === 3 ? nameOf(last) : undefined;
  const column = name === undefined ? undefined : table.columns.get(name.toLowerCase());
  // `a.b` is a column, `a + b` of the same length is not.
  const isColumn = column !== undefined && textWithoutSource([last!], "") === text;
  return { text: isColumn ? column.name : text, isColumn, descending };
}

function listOf(columns: readonly CandidateColumn[]): readonly CandidateColumn[] {
  const byText = new Map<string, CandidateColumn>();
  for (const column of columns) if (!byText.has(column.text)) byText.set(column.text, column);
  return [...byText.values()].slice(0, indexColumnsMax);
}

function isPossible({
  table,
  columns,
}: {
  readonly table: TableFacts;
  readonly columns: readonly CandidateColumn[];
}): boolean {
  // The number of a row finds it without an index.
  return columns.length > 0 && columns[0]!.text !== table.rowColumn;
}

function findsOneRow(columns: readonly CandidateColumn[], table: TableFacts): boolean {
  const has = (name: string | undefined): boolean =>
    columns.some(({ text, isColumn }) => isColumn && text === name);
  if (table.rowColumn !== undefined && has(table.rowColumn)) return true;
  return table.indexes.some(
    ({ unique, partial, columns: key }) => unique && !partial && key.every(({ name }) => has(name)),
  );
}

/** True when an index, or the key of the table, begins with these columns already. */
function isServed({ table, columns, where }: IndexCandidate): boolean {
  if (where !== undefined) return false;
  return table.indexes.some(
    (index) =>
      !index.partial &&
      columns.every(({ text, isColumn, descending }, at) => {
        const own = index.columns[at];
        return (
          isColumn &&
          own?.name === text &&
          own.descending === descending &&
          own.collation === "BINARY"
        );
      }),
  );
}
