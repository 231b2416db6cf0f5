/**
 * How many rows a condition leaves is what most of a plan's cost hangs on, and
 * statistics tell it only for columns of indexes. For the others a sample of
 * the table is asked, once for each condition.
 */
import { type ConditionTerm, conditionTerm } from "../../optimizer/condition-term.ts";
import type { StatementBlock } from "../../optimizer/statement-blocks.ts";
import { textWithoutSource } from "../../optimizer/text-without-source.ts";
import type { Samples } from "./sample-tables.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import type { TableFacts } from "./schema-facts.ts";
import { columnsIn, type StatementText } from "./statement-text.ts";

/** Measures what the conditions of a statement leave, if nobody has yet. */
export async function measureShares(
  copy: SchemaCopy,
  { blocks }: StatementText,
  samples: Samples,
): Promise<void> {
  for (const block of blocks) {
    for (const source of block.sources) {
      const table = copy.tables.get(source.table?.toLowerCase() ?? "");
      if (table === undefined || table.virtual || (copy.rowsOf(table.name) ?? 0) === 0) continue;
      await measureTerms(copy, { table, terms: termsOf(copy, block, source), samples });
    }
  }
}

/** Share of a table's rows that these conditions leave together; undefined when that is not known. */
export function knownShare(
  copy: SchemaCopy,
  table: TableFacts,
  terms: readonly ConditionTerm[],
): number | undefined {
  return copy.shares.get(keyOf(table, conditionText(terms)));
}

/** Share of a table's rows that have one value of what a condition compares. */
export function shareOfValue(
  copy: SchemaCopy,
  table: TableFacts,
  term: ConditionTerm,
): number | undefined {
  return copy.shares.get(keyOf(table, valueText(term)));
}

function termsOf(
  copy: SchemaCopy,
  block: StatementBlock,
  source: StatementBlock["sources"][number],
): readonly ConditionTerm[] {
  const place = { block, columnsOf: columnsIn(copy) };
  return block.terms.flatMap((nodes) => conditionTerm(nodes, source, place) ?? []);
}

async function measureTerms(
  copy: SchemaCopy,
  of: {
    readonly table: TableFacts;
    readonly terms: readonly ConditionTerm[];
    readonly samples: Samples;
  },
): Promise<void> {
  const { table, terms, samples } = of;
  const constant = terms.filter((term) => term.constant);
  const learn = async (text: string, ask: () => Promise<number | undefined>): Promise<void> => {
    const key = keyOf(table, text);
    if (copy.shares.has(key)) return;
    // What cannot be asked here, such as a search, keeps the share that is assumed.
    copy.shares.set(key, await ask().catch(() => undefined));
  };
  for (const each of [...constant.map((term) => [term]), constant]) {
    const text = conditionText(each);
    if (text !== "") await learn(text, async () => (await samples(table)).share(text));
  }
  for (const term of terms) {
    if (term.kind !== "equal" || term.constant) continue;
    await learn(valueText(term), async () => {
      // No value equals NULL, however many there are.
      const column = expressionText(term);
      const sample = await samples(table);
      const { numbers } = await sample.measure([column], `${column} IS NOT NULL`);
      const [set = 0, alike = 0] = numbers;
      return set === 0 ? undefined : Math.min(alike, set) / Math.max(1, sample.rows);
    });
  }
}

function conditionText(terms: readonly ConditionTerm[]): string {
  return terms
    .map(({ nodes, source }) => `(${textWithoutSource(nodes, source.name)})`)
    .join(" AND ");
}

function expressionText({ expression, source }: ConditionTerm): string {
  return textWithoutSource(expression, source.name);
}

function valueText(term: ConditionTerm): string {
  return `one value of ${expressionText(term)}`;
}

function keyOf({ name }: TableFacts, text: string): string {
  return JSON.stringify([name, text]);
}
