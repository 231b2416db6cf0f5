/**
 * Statistics without ANALYZE: some rows of a table are read, by their numbers
 * where it has them, and what is distinct among them is projected to the whole
 * by the "guaranteed error" estimate (Charikar and others, 2000): values seen
 * once stand for √(rows / sampled) values each, others for themselves.
 */
import type { Reader } from "../../connection.ts";
import { isWord, parseSqlTree, splitList, textOfNodes } from "../../optimizer/sql-tree.ts";
import type { SqlValue } from "../../sql-value.ts";
import { quoteIdentifier } from "../quote-identifier.ts";
import { query } from "./read-schema.ts";
import type { StatisticsRow } from "./schema-copy.ts";
import type { IndexFacts, TableFacts } from "./schema-facts.ts";

/** Rows of a table that are looked at, about. */
const sampledRows = 4_000;

/** Tables are counted up to this many rows; beyond, row numbers tell, or it counts as this many. */
const countedRowsMax = 20_000;

/** What is held of an index over given columns. */
export interface SampledIndex {
  /** As ANALYZE writes it. */
  readonly numbers: readonly number[];
  readonly bytes: number;
}

/** Looks at rows of one table. */
export interface TableSample {
  readonly rows: number;
  /** The statistics an index over these SQL expressions and under this condition would have. */
  measure(columns: readonly string[], where: string | undefined): Promise<SampledIndex>;
  /** The share of rows for which an SQL condition holds; undefined without any rows. */
  share(condition: string): Promise<number | undefined>;
}

/** Takes a sample of a table; `rows` is their number, if it is known. */
async function sampleTable(
  reader: Reader,
  table: TableFacts,
  place: { readonly random: () => number; readonly rows?: number },
): Promise<TableSample> {
  const source = await sampleSource(reader, table, place);
  const ask = rememberedAnswers(reader, source);
  return {
    rows: source.rows,
    measure: (columns, where) => measureIndex(source, { columns, where }, ask),
    share: async (condition) => {
      // A condition that is NULL does not hold.
      const sql = `SELECT avg(coalesce((${condition}) <> 0, 0)) AS share FROM ${source.sql} AS sampled`;
      const found = await reader.get(query<{ share: number | null }>(sql, source.params));
      return found?.share ?? undefined;
    },
  };
}

/** Samples of the tables of one database, each taken once. */
export type Samples = (table: TableFacts) => Promise<TableSample>;

/** Takes samples when they are asked for; `rowsOf` answers the rows of tables that are known. */
export function samplesOf(
  reader: Reader,
  place: {
    readonly random: () => number;
    readonly rowsOf: (table: string) => number | undefined;
  },
): Samples {
  const taken = new Map<string, Promise<TableSample>>();
  return (table) => {
    const rows = place.rowsOf(table.name);
    const known = rows === undefined ? {} : { rows };
    const sample =
      taken.get(table.name) ?? sampleTable(reader, table, { random: place.random, ...known });
    taken.set(table.name, sample);
    return sample;
  };
}

/** The statistics of a table and its indexes as ANALYZE would write them, from a sample. */
export async function sampledStatistics(
  sample: TableSample,
  table: TableFacts,
): Promise<readonly StatisticsRow[]> {
  const rows: StatisticsRow[] = [{ tbl: table.name, idx: null, stat: String(sample.rows) }];
  for (const index of table.indexes) {
    const { columns, where } = indexedBy(index);
    const { numbers } = await sample.measure(columns, where);
    const idx = index.isTable ? table.name : index.name;
    rows.push({ tbl: table.name, idx, stat: numbers.join(" ") });
  }
  return table.indexes.some(({ isTable }) => isTable) ? rows.slice(1) : rows;
}

/** What an index holds, as SQL. */
function indexedBy({ columns, sql }: IndexFacts): {
  readonly columns: readonly string[];
  readonly where: string | undefined;
} {
  const nodes = sql === undefined ? [] : (parseSqlTree(sql) ?? []);
  const list = nodes.find((node) => node.kind === "group");
  const texts = list?.kind === "group" ? splitList(list.nodes) : [];
  const condition = nodes.findIndex((node) => isWord(node, "WHERE"));
  return {
    columns: columns.map(({ name }, at) => {
      if (name !== undefined) return quoteIdentifier(name);
      const text = (texts[at] ?? []).filter((node) => !isWord(node, "ASC", "DESC"));
      return textOfNodes(sql ?? "", text);
    }),
    where: condition < 0 ? undefined : textOfNodes(sql!, nodes.slice(condition + 1)),
  };
}

interface SampleSource {
  /** What stands after FROM. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
  readonly rows: number;
}

async function sampleSource(
  reader: Reader,
  table: TableFacts,
  { random, rows }: { readonly random: () => number; readonly rows?: number },
): Promise<SampleSource> {
  const name = quoteIdentifier(table.name);
  const counted = rows ?? (await countRows(reader, name));
  if (counted <= sampledRows) return { sql: name, params: [], rows: counted };
  const first = { sql: `(SELECT * FROM ${name} LIMIT ${sampledRows})`, params: [], rows: counted };
  if (table.rowName === undefined) return first;
  const number = quoteIdentifier(table.rowName);
  const range = await reader.get(
    query<{ least: number; most: number }>(
      `SELECT (SELECT min(${number}) FROM ${name}) AS least, (SELECT max(${number}) FROM ${name}) AS most`,
    ),
  );
  const { least, most } = range ?? { least: 0, most: 0 };
  const span = most - least + 1;
  const sql = `(SELECT * FROM ${name} WHERE ${number} IN (SELECT value FROM json_each(?)))`;
  const picks = Array.from({ length: 2 * sampledRows }, () => least + Math.floor(random() * span));
  const numbers = [...new Set(picks)];
  const params = [JSON.stringify(numbers)];
  const found = await reader.get(query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`, params));
  // Where most numbers are unused, the first rows say more than the few that were hit.
  if ((found?.n ?? 0) < sampledRows / 4) return first;
  const known =
    rows ?? (counted < countedRowsMax ? counted : Math.round((span * found!.n) / numbers.length));
  return { sql, params, rows: Math.max(known, found!.n) };
}

async function countRows(reader: Reader, name: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${name} LIMIT ${countedRowsMax})`;
  return (await reader.get(query<{ n: number }>(sql)))?.n ?? 0;
}

interface Answer {
  readonly n: number;
  readonly once: number | null;
  readonly bytes: number | null;
}

/** Asks one question about the sampled rows; `what` is a list of results, `of` what follows FROM. */
type Ask = (what: string, of: (from: string) => string) => Promise<Answer>;

/** Candidates have many leading columns in common, so the same question comes up again. */
function rememberedAnswers(reader: Reader, source: SampleSource): Ask {
  const answers = new Map<string, Promise<Answer>>();
  return (what, of) => {
    const sql = `SELECT ${what} FROM ${of(`${source.sql} AS sampled`)}`;
    const known =
      answers.get(sql) ??
      reader
        .get(query<Answer>(sql, source.params))
        .then((answer) => answer ?? { n: 0, once: 0, bytes: 0 });
    answers.set(sql, known);
    return known;
  };
}

async function measureIndex(
  source: SampleSource,
  of: { readonly columns: readonly string[]; readonly where: string | undefined },
  ask: Ask,
): Promise<SampledIndex> {
  const condition = of.where === undefined ? "" : ` WHERE ${of.where}`;
  const { n: sampled } = await ask("count(*) AS n", (from) => from);
  const { n: kept } = await ask("count(*) AS n", (from) => from + condition);
  const rows = Math.round((source.rows * kept) / Math.max(1, sampled));
  const numbers = [rows];
  // The number of the row and the head of the entry.
  let bytes = 8;
  for (const [at, column] of of.columns.entries()) {
    const columns = of.columns.slice(0, at + 1).join(", ");
    const groups = await ask(
      "count(*) AS n, sum(size = 1) AS once",
      (from) => `(SELECT count(*) AS size FROM ${from}${condition} GROUP BY ${columns})`,
    );
    numbers.push(rowsPerValue(rows, kept, groups));
    const length = `avg(coalesce(length(CAST(${column} AS BLOB)), 0)) AS bytes`;
    bytes += 2 + ((await ask(length, (from) => from + condition)).bytes ?? 0);
  }
  // Pages are three quarters full.
  return { numbers, bytes: Math.round((rows * bytes) / 0.75) };
}

function rowsPerValue(rows: number, sampled: number, { n: distinct, once }: Answer): number {
  const single = once ?? 0;
  const values = Math.sqrt(rows / Math.max(1, sampled)) * single + (distinct - single);
  return Math.max(1, Math.round(rows / Math.max(1, values)));
}
