/**
 * Full-text search as an FTS5 index over the table's own text (external
 * content): words are stored once more, texts are not. Triggers keep it in
 * step, also under REPLACE, because connections set `recursive_triggers`.
 */
import type { SearchIndexDefinition } from "../dialect.ts";
import { storageError } from "../errors.ts";
import type { TableDefinition } from "../table.ts";
import { rowNumberOf } from "./create-table-sql.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

/** @throws {AtlasError} storage.table_invalid when the table or a column cannot be searched. */
export function createSearchIndexSql(
  index: SearchIndexDefinition,
  table: TableDefinition,
): readonly string[] {
  check(index, table);
  const name = quoteIdentifier(index.name);
  const columns = Object.keys(index.columns).map(quoteIdentifier);
  const options = [
    `content=${quoteIdentifier(index.table)}`,
    `content_rowid='rowid'`,
    `tokenize='unicode61 remove_diacritics 2'`,
  ];
  const weights = Object.values(index.columns).map((weight) => weight.toFixed(3));
  return [
    `CREATE VIRTUAL TABLE ${name} USING fts5(${[...columns, ...options].join(", ")})`,
    `INSERT INTO ${name}(${name}, rank) VALUES ('rank', 'bm25(${weights.join(", ")})')`,
    ...triggersSql(index, table),
    ...rebuildSearchIndexSql(index),
  ];
}

/** The statement that fills a search index from its table again. */
export function rebuildSearchIndexSql(index: SearchIndexDefinition): readonly string[] {
  const name = quoteIdentifier(index.name);
  return [`INSERT INTO ${name}(${name}) VALUES ('rebuild')`];
}

/** The triggers for inserted, deleted and updated rows. */
export function searchTriggerNames({ name }: SearchIndexDefinition): readonly string[] {
  return [`${name}_inserted`, `${name}_deleted`, `${name}_updated`];
}

function triggersSql(index: SearchIndexDefinition, table: TableDefinition): readonly string[] {
  const name = quoteIdentifier(index.name);
  const target = quoteIdentifier(index.table);
  const columns = Object.keys(index.columns).map(quoteIdentifier);
  const [inserted, deleted, updated] = searchTriggerNames(index).map(quoteIdentifier);
  const from = (row: "old" | "new"): string =>
    ["rowid", ...columns].map((column) => `${row}.${column}`).join(", ");
  const into = ["rowid", ...columns].join(", ");
  const add = `INSERT INTO ${name}(${into}) VALUES (${from("new")});`;
  // FTS5 has to be told the old words: it does not keep the texts itself.
  const remove = `INSERT INTO ${name}(${name}, ${into}) VALUES ('delete', ${from("old")});`;
  const watched = [...columns, quoteIdentifier(rowNumberOf(table) ?? "")].join(", ");
  return [
    `CREATE TRIGGER ${inserted} AFTER INSERT ON ${target} BEGIN ${add} END`,
    `CREATE TRIGGER ${deleted} AFTER DELETE ON ${target} BEGIN ${remove} END`,
    `CREATE TRIGGER ${updated} AFTER UPDATE OF ${watched} ON ${target} BEGIN ${remove} ${add} END`,
  ];
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
}

function invalid(index: SearchIndexDefinition, reason: string): Error {
  return storageError(
    "storage.table_invalid",
    `The search index ${index.name} cannot be created: ${reason}. Correct the declaration.`,
    { details: { index: index.name, reason } },
  );
}
