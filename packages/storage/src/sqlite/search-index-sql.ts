/**
 * Full-text search as an FTS5 index over the table's own text (external
 * content): words are stored once more, texts are not. Triggers keep it in
 * step, also under REPLACE, because connections set `recursive_triggers`.
 */
import type { SchemaPart, SearchIndexBuild, SearchIndexDefinition } from "../dialect.ts";
import { storageError } from "../errors.ts";
import type { TableDefinition } from "../table.ts";
import { rowNumberOf } from "./create-table-sql.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { quoteText } from "./quote-text.ts";

/** @throws {AtlasError} storage.table_invalid when the table or a column cannot be searched. */
export function createSearchIndexSql(
  index: SearchIndexDefinition,
  table: TableDefinition,
): readonly string[] {
  check(index, table);
  return [
    searchTableSql(index, index.name),
    wordsSql(index),
    weightsSql(index),
    ...triggersSql(index, table).map(({ sql }) => sql),
    ...rebuildSearchIndexSql(index),
  ];
}

/**
 * The table of words, the view of it that `verify` reads, the triggers, and
 * the weights, which are not in the schema and stand here by what they say.
 *
 * @throws {AtlasError} storage.table_invalid
 */
export function searchIndexParts(
  index: SearchIndexDefinition,
  table: TableDefinition,
): readonly SchemaPart[] {
  check(index, table);
  return [
    { name: index.name, sql: searchTableSql(index, index.name) },
    { name: wordsName(index), sql: wordsSql(index) },
    ...triggersSql(index, table),
    { name: weightsName(index), sql: rankOf(index) },
  ];
}

/** What of {@link searchIndexParts} exists; the second text needs the table to be there. */
export function listSearchIndexPartsSql(index: SearchIndexDefinition): readonly string[] {
  const names = [index.name, wordsName(index), ...searchTriggerNames(index)].map(quoteText);
  const weights = weightsName(index);
  return [
    `SELECT name, sql FROM sqlite_schema WHERE name IN (${names.join(", ")})`,
    `SELECT ${quoteText(weights)} AS name, v AS sql FROM ${quoteIdentifier(weights)} ` +
      "WHERE k = 'rank'",
  ];
}

/** What removes a search index; each fails when what it names is gone. */
export function dropSearchIndexSql(index: SearchIndexDefinition): readonly string[] {
  return [
    ...searchTriggerNames(index).map((name) => `DROP TRIGGER ${quoteIdentifier(name)}`),
    `DROP TABLE ${quoteIdentifier(wordsName(index))}`,
    `DROP TABLE ${quoteIdentifier(index.name)}`,
  ];
}

/** The statement that fills a search index from its table again. */
export function rebuildSearchIndexSql(index: SearchIndexDefinition): readonly string[] {
  const name = quoteIdentifier(index.name);
  return [`INSERT INTO ${name}(${name}) VALUES ('rebuild')`];
}

/** The steps of making it again beside the one that serves. */
export function searchIndexBuild(
  index: SearchIndexDefinition,
  table: TableDefinition,
): SearchIndexBuild {
  check(index, table);
  const building = { ...index, name: `${index.name}_next` };
  const [next, columns] = [quoteIdentifier(building.name), columnsOf(index).join(", ")];
  const target = quoteIdentifier(index.table);
  const dropTriggers = searchTriggerNames(building).map(
    (name) => `DROP TRIGGER ${quoteIdentifier(name)}`,
  );
  return {
    name: building.name,
    begin: (covered) => [
      searchTableSql(index, building.name),
      ...triggersSql(building, table, covered).map(({ sql }) => sql),
    ],
    fill:
      `INSERT INTO ${next}(rowid, ${columns}) ` +
      `SELECT rowid, ${columns} FROM ${target} WHERE rowid > ? AND rowid <= ?`,
    finish: [
      ...dropTriggers,
      `ALTER TABLE ${next} RENAME TO ${quoteIdentifier(index.name)}`,
      wordsSql(index),
      weightsSql(index),
      ...triggersSql(index, table).map(({ sql }) => sql),
    ],
    abandon: [...dropTriggers, `DROP TABLE ${next}`],
  };
}

/** The name of the table that shows the words of an index one by one. */
export function wordsName({ name }: SearchIndexDefinition): string {
  return `${name}_words`;
}

function searchTriggerNames({ name }: SearchIndexDefinition): readonly string[] {
  return [`${name}_inserted`, `${name}_deleted`, `${name}_updated`];
}

function weightsName({ name }: SearchIndexDefinition): string {
  return `${name}_config`;
}

/** The tokenizer and the prefixes, as options of an FTS5 table. */
export function searchOptions({ prefix, stem, substring }: SearchIndexDefinition): string[] {
  const words = "unicode61 remove_diacritics 2";
  const tokenizer =
    substring === true
      ? "trigram remove_diacritics 1"
      : stem === "english"
        ? `porter ${words}`
        : words;
  return [
    `tokenize='${tokenizer}'`,
    ...(prefix === undefined || prefix.length === 0 ? [] : [`prefix='${prefix.join(" ")}'`]),
  ];
}

/** The columns of a search index, quoted. */
export function columnsOf(index: SearchIndexDefinition): readonly string[] {
  return Object.keys(index.columns).map(quoteIdentifier);
}

function searchTableSql(index: SearchIndexDefinition, name: string): string {
  const parts = [
    ...columnsOf(index),
    `content=${quoteIdentifier(index.table)}`,
    `content_rowid='rowid'`,
    ...searchOptions(index),
  ];
  return `CREATE VIRTUAL TABLE ${quoteIdentifier(name)} USING fts5(${parts.join(", ")})`;
}

function wordsSql(index: SearchIndexDefinition): string {
  const [words, name] = [wordsName(index), index.name].map(quoteIdentifier);
  return `CREATE VIRTUAL TABLE ${words} USING fts5vocab(${name}, 'instance')`;
}

function weightsSql(index: SearchIndexDefinition): string {
  const name = quoteIdentifier(index.name);
  return `INSERT INTO ${name}(${name}, rank) VALUES ('rank', ${quoteText(rankOf(index))})`;
}

function rankOf(index: SearchIndexDefinition): string {
  const weights = Object.values(index.columns).map((weight) => weight.toFixed(3));
  return `bm25(${weights.join(", ")})`;
}

/** With `covered`, a query of one value: for rows up to that number only. */
function triggersSql(
  index: SearchIndexDefinition,
  table: TableDefinition,
  covered?: string,
): readonly SchemaPart[] {
  const name = quoteIdentifier(index.name);
  const target = quoteIdentifier(index.table);
  const columns = columnsOf(index);
  const names = searchTriggerNames(index);
  const [inserted, deleted, updated] = names.map(quoteIdentifier);
  const from = (row: "old" | "new"): string =>
    ["rowid", ...columns].map((column) => `${row}.${column}`).join(", ");
  const into = ["rowid", ...columns].join(", ");
  const values = (row: "old" | "new", list: string): string =>
    covered === undefined
      ? `VALUES (${list})`
      : `SELECT ${list} WHERE ${row}.rowid <= (${covered})`;
  const add = `INSERT INTO ${name}(${into}) ${values("new", from("new"))};`;
  // FTS5 has to be told the old words: it does not keep the texts itself.
  const remove = `INSERT INTO ${name}(${name}, ${into}) ${values("old", `'delete', ${from("old")}`)};`;
  const watched = [...columns, quoteIdentifier(rowNumberOf(table) ?? "")].join(", ");
  return [
    `CREATE TRIGGER ${inserted} AFTER INSERT ON ${target} BEGIN ${add} END`,
    `CREATE TRIGGER ${deleted} AFTER DELETE ON ${target} BEGIN ${remove} END`,
    `CREATE TRIGGER ${updated} AFTER UPDATE OF ${watched} ON ${target} BEGIN ${remove} ${add} END`,
  ].map((sql, at) => ({ name: names[at]!, sql }));
}

function check(index: SearchIndexDefinition, table: TableDefinition): void {
  if (rowNumberOf(table) === undefined) {
    throw invalid(index, "its table has a key of several columns and no row numbers");
  }
  const columns = Object.entries(index.columns);
  if (columns.length === 0) throw invalid(index, "it has no columns");
  for (const [column, weight] of columns) {
    if (!Object.hasOwn(table.columns, column) || table.columns[column]?.type !== "text") {
      throw invalid(index, `column ${column} is not a text column of ${table.name}`);
    }
    if (!Number.isFinite(weight) || weight < 0 || weight > 1_000) {
      throw invalid(index, `the weight of column ${column} is not a number from 0 to 1,000`);
    }
  }
  checkWords(index);
}

function checkWords(index: SearchIndexDefinition): void {
  const { prefix = [], stem, substring } = index;
  if (prefix.length > 4 || !prefix.every((n) => Number.isInteger(n) && n >= 1 && n <= 31)) {
    throw invalid(index, "its prefixes are not up to four whole numbers from 1 to 31");
  }
  if (stem !== undefined && stem !== "english") {
    throw invalid(index, "endings can be taken off English words only");
  }
  if (substring === true && (prefix.length > 0 || stem !== undefined)) {
    throw invalid(index, "an index for substrings has neither prefixes nor a stem");
  }
}

function invalid(index: SearchIndexDefinition, reason: string): Error {
  return storageError(
    "storage.table_invalid",
    `The search index ${index.name} cannot be created: ${reason}. Correct the declaration.`,
    { details: { index: index.name, reason } },
  );
}
