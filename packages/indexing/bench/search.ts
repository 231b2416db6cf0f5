/**
 * Search over 100,000 rows like tasks: the 50th and the 99th percentile of the
 * time for the best twenty of one word, a phrase, the beginning of a word and
 * a piece of one, against `LIKE '%…%'` over the same rows, which finds pieces
 * of words only and in no order. `page` is what a list asks for: twenty rows
 * that match, in the order of their keys.
 *
 * Prints JSON lines; `--case <name>` runs one, `--rows <n>` searches fewer.
 */
import { parseArgs } from "node:util";
import { createIndexCoordinator } from "@atlas/indexing";
import { defineTable, type NoValues, type Query, type RawRow, type Reader } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";

const { values: flags } = parseArgs({
  options: { case: { type: "string" }, rows: { type: "string", default: "100000" } },
});
const rowCount = Number(flags.rows);
const table = defineTable("task", {
  columns: {
    id: { type: "integer" },
    name: { type: "text" },
    description: { type: "text" },
    status: { type: "text" },
  },
  primaryKey: ["id"],
});

/** Words by rank: the n-th is 1/n as frequent as the first. */
const words = Array.from({ length: 8_000 }, (_, at) => {
  const parts = ["ka", "ro", "mi", "ten", "du", "sel", "bor", "gan", "fi", "lo"];
  return [at % 10, Math.floor(at / 10) % 10, Math.floor(at / 100) % 10, Math.floor(at / 1_000)]
    .map((digit) => parts[digit])
    .join("");
});
let state = 12_345;
const random = (): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state / 0x80000000;
};
const word = (): string => words[Math.floor(words.length ** random()) - 1]!;
const text = (length: number): string => Array.from({ length }, word).join(" ");

await using temporary = await openTemporaryDatabase({ durability: "relaxed" });
await using transactions = await createTransactionManager(temporary.database);
const { dialect } = temporary.database;
await transactions.atomic(
  async (transaction) => {
    for (const sql of dialect.createTable(table)) await transaction.execute(sql);
    await transaction.runMany(
      {
        sql: "INSERT INTO task (id, name, description, status) VALUES (?, ?, ?, 'open')",
        params: ["id", "name", "description"].map((placeholder) => ({ placeholder })),
      } as Query<unknown, object>,
      (function* rows() {
        for (let id = 1; id <= rowCount; id += 1) {
          yield { id, name: text(5), description: text(30) };
        }
      })(),
    );
  },
  { holdTimeoutMs: 600_000 },
);
const columns = { name: 10, description: 2 };
const base = { kind: "search", table: "task", columns } as const;
const indexes = createIndexCoordinator({
  transactions,
  dialect,
  tables: [table],
  declarations: [
    { ...base, name: "task_words" },
    { ...base, name: "task_prefixes", prefix: [2, 3] },
    { ...base, name: "task_pieces", substring: true },
  ],
});
const builtAt = performance.now();
await indexes.ensure();
process.stderr.write(`indexes made in ${Math.round(performance.now() - builtAt)} ms\n`);

interface Case {
  readonly name: string;
  readonly index: string;
  /** What is typed, and the text that LIKE looks for instead. */
  readonly typed: (round: number) => readonly [string, string];
  /** Whether twenty rows in the order of their keys are asked for as well. */
  readonly page?: boolean;
}

/** Of middle frequency: some hundred rows have it. */
const middle = (round: number): string => words[200 + ((round * 37) % 1_500)]!;
const cases: readonly Case[] = [
  { name: "search-word", index: "task_words", typed: (n) => [middle(n), middle(n)], page: true },
  {
    name: "search-common-word",
    index: "task_words",
    typed: (n) => [words[n % 5]!, words[n % 5]!],
    page: true,
  },
  {
    name: "search-phrase",
    index: "task_words",
    typed: (n) => [`"${words[n % 40]} ${middle(n)}"`, `${words[n % 40]} ${middle(n)}`],
  },
  {
    name: "search-prefix",
    index: "task_words",
    typed: (n) => [`${middle(n).slice(0, -2)}*`, middle(n).slice(0, -2)],
  },
  {
    name: "search-prefix-declared",
    index: "task_prefixes",
    typed: (n) => [`${middle(n).slice(0, 3)}*`, middle(n).slice(0, 3)],
  },
  {
    name: "search-substring",
    index: "task_pieces",
    typed: (n) => [middle(n).slice(1, -1), middle(n).slice(1, -1)],
  },
];

for (const each of cases) {
  if (flags.case === undefined || flags.case === each.name) await runCase(each);
}

async function runCase({ name, index, typed, page: asPage = false }: Case): Promise<void> {
  const [ranked, page, like, likePage]: number[][] = [[], [], [], []];
  for (let round = 0; round < 45; round += 1) {
    const [text, piece] = typed(round);
    await transactions.read(async (reader) => {
      ranked!.push(await timed(reader, rankedQuery(index, text)));
      like!.push(await timed(reader, likeQuery(piece, "")));
      if (!asPage) return;
      page!.push(await timed(reader, pageQuery(index, text)));
      likePage!.push(await timed(reader, likeQuery(piece, " ORDER BY id LIMIT 20")));
    });
  }
  // The first rounds warm up.
  for (const [kind, atlas, peer, peerName] of [
    ["", ranked!, like!, "LIKE over all rows"],
    ["-page", page!, likePage!, "LIKE, the first 20 by key"],
  ] as const) {
    if (atlas.length === 0) continue;
    for (const percentile of [0.5, 0.99]) {
      const [mine, other] = [atlas, peer].map((times) => percentileOf(times.slice(5), percentile));
      const label = `${name}${kind}-p${Math.round(percentile * 100)}`;
      const figures = { atlas: rounded(mine!), peer: rounded(other!), peerName, unit: "ms" };
      const line = { bench: "indexing", case: label, ...figures, ratio: rounded(other! / mine!) };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  }
}

function rankedQuery(index: string, typed: string): Query<RawRow> {
  const { join, sql, order, snippet, params } = indexes.rankedSearch(index, typed);
  return {
    sql:
      `SELECT task.id, task.name, ${snippet} AS snippet FROM task ${join} ` +
      `WHERE ${sql} ORDER BY ${order} LIMIT 20`,
    params,
  };
}

function pageQuery(index: string, typed: string): Query<RawRow> {
  const { sql, params } = indexes.search(index, typed);
  return { sql: `SELECT id, name FROM task WHERE ${sql} ORDER BY id LIMIT 20`, params };
}

function likeQuery(piece: string, end: string): Query<RawRow> {
  const sql = `SELECT id, name FROM task WHERE name LIKE ? OR description LIKE ?${end}`;
  return { sql, params: [`%${piece}%`, `%${piece}%`] };
}

async function timed(reader: Reader, query: Query<RawRow>): Promise<number> {
  const startedAt = performance.now();
  await reader.all<RawRow, NoValues>(query);
  return performance.now() - startedAt;
}

function percentileOf(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
