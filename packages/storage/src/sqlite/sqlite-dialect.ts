import type { Dialect, IndexDefinition, SearchIndexDefinition } from "../dialect.ts";
import type { Query } from "../query.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";
import { createTableSql } from "./create-table-sql.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import {
  createSearchIndexSql,
  rebuildSearchIndexSql,
  searchTriggerNames,
} from "./search-index-sql.ts";
import { searchText } from "./search-text.ts";

/** What is particular to SQLite. */
export const sqliteDialect: Dialect = Object.freeze({
  name: "SQLite",
  quoteIdentifier,
  createTable: createTableSql,
  createIndex: createIndexSql,
  dropIndex: (name: string) => [`DROP INDEX ${quoteIdentifier(name)}`],
  createSearchIndex: createSearchIndexSql,
  dropSearchIndex: (index: SearchIndexDefinition) => [
    ...searchTriggerNames(index).map((name) => `DROP TRIGGER ${quoteIdentifier(name)}`),
    `DROP TABLE ${quoteIdentifier(index.name)}`,
  ],
  rebuildSearchIndex: rebuildSearchIndexSql,
  searchCondition,
  searchText,
  verifySearchIndex,
  tableExists: (table: string) =>
    query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]),
  listIndexes: (table: string) =>
    query(
      "SELECT name, sql FROM sqlite_schema " +
        "WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ? ORDER BY name",
      [table],
    ),
});

function createIndexSql(index: IndexDefinition): readonly string[] {
  const parts = index.on.map((part) => {
    if (typeof part === "string") return quoteIdentifier(part);
    const direction = part.direction === "desc" ? " DESC" : "";
    return `(${part.expression})${direction}`;
  });
  const unique = index.unique === true ? "UNIQUE " : "";
  const where = index.where === undefined ? "" : ` WHERE ${index.where}`;
  const target = `${quoteIdentifier(index.name)} ON ${quoteIdentifier(index.table)}`;
  return [`CREATE ${unique}INDEX ${target} (${parts.join(", ")})${where}`];
}

function searchCondition(index: SearchIndexDefinition, key: string): string {
  const [search, table, column] = [index.name, index.table, key].map(quoteIdentifier);
  return (
    `${column} IN (SELECT found.${column} FROM ${table} AS found ` +
    `JOIN ${search} ON ${search}.rowid = found.rowid WHERE ${search} MATCH ?)`
  );
}

/**
 * Rows that only one side has, as `row` and `side`. The last query compares
 * every word; it returns no rows, needs a transaction that writes, and fails
 * with index.corrupt when they differ.
 */
function verifySearchIndex(index: SearchIndexDefinition): readonly Query<RawRow>[] {
  const table = quoteIdentifier(index.table);
  const sizes = quoteIdentifier(`${index.name}_docsize`);
  const name = quoteIdentifier(index.name);
  return [
    query(
      `SELECT rowid AS "row", 'table' AS side FROM ${table} WHERE rowid NOT IN (SELECT id FROM ${sizes})`,
    ),
    query(
      `SELECT id AS "row", 'index' AS side FROM ${sizes} WHERE id NOT IN (SELECT rowid FROM ${table})`,
    ),
    query(`INSERT INTO ${name}(${name}, rank) VALUES ('integrity-check', 1)`),
  ];
}

function query(sql: string, params: readonly SqlValue[] = []): Query<RawRow> {
  return Object.freeze({ sql, params: Object.freeze([...params]) });
}
