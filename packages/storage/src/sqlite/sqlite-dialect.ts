import type { Dialect, IndexDefinition, SearchIndexDefinition } from "../dialect.ts";
import type { Query } from "../query.ts";
import type { RawRow, SqlValue } from "../sql-value.ts";
import type { TableDefinition } from "../table.ts";
import { createTableSql, rowNumberOf } from "./create-table-sql.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import {
  createSearchIndexSql,
  dropSearchIndexSql,
  listSearchIndexPartsSql,
  rebuildSearchIndexSql,
  searchIndexBuild,
  searchIndexParts,
  wordsName,
} from "./search-index-sql.ts";
import { rankedSearch, searchCondition } from "./search-query.ts";
import {
  countSearchPlaces,
  openSearchReference,
  searchSizes,
  searchWords,
} from "./search-reference.ts";
import { searchText } from "./search-text.ts";

/** What is particular to SQLite. */
export const sqliteDialect: Dialect = Object.freeze({
  name: "SQLite",
  quoteIdentifier,
  createTable: createTableSql,
  createIndex: createIndexSql,
  dropIndex: (name: string) => [`DROP INDEX ${quoteIdentifier(name)}`],
  createSearchIndex: createSearchIndexSql,
  dropSearchIndex: dropSearchIndexSql,
  rebuildSearchIndex: rebuildSearchIndexSql,
  searchIndexParts,
  listSearchIndexParts: (index: SearchIndexDefinition) =>
    listSearchIndexPartsSql(index).map((sql) => query(sql)),
  searchIndexBuild,
  searchCondition,
  rankedSearch,
  searchText,
  verifySearchIndex,
  searchStorageDamage,
  searchWordsName: wordsName,
  searchWords,
  countSearchPlaces,
  searchSizes,
  openSearchReference,
  tableExists: (table: string) =>
    query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]),
  listIndexes: (table: string) =>
    query(
      "SELECT name, sql FROM sqlite_schema " +
        "WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ? ORDER BY name",
      [table],
    ),
  primaryKeyColumns: (table: string) =>
    query('SELECT name AS "column" FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk', [table]),
  keyIndex: (table: string, columns: readonly string[]) =>
    // A table that is its own key has a "pk" index too, by which nothing can be found beside it.
    query(
      `SELECT list.name FROM pragma_index_list(?) AS list WHERE list."unique" AND NOT list.partial
         AND list.origin <> 'c' AND list.name NOT IN (
           SELECT key.name FROM pragma_index_list(?) AS key, pragma_table_list(?) AS own
           WHERE key.origin = 'pk' AND own.wr)
         AND ? = (SELECT json_group_array(name) FROM
           (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno))`,
      [table, table, table, JSON.stringify(columns)],
    ),
  integrityCheck: () => [
    query<{ damage: string }>(
      `SELECT 'The check of the file found: ' || integrity_check || '.' AS damage
       FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 10`,
    ),
    query<{ damage: string }>(
      `SELECT count(*) || ' rows of "' || "table" || '" refer to rows of "' || parent ||
         '" that do not exist.' AS damage
       FROM pragma_foreign_key_check GROUP BY "table", parent LIMIT 10`,
    ),
  ],
  reindex: (name: string) => [`REINDEX ${quoteIdentifier(name)}`],
  pastIndexes,
  rowNumber: rowNumberOf,
});

/** NOT INDEXED says nothing in a table without row numbers; such a table is an index itself. */
function pastIndexes(table: TableDefinition): string {
  const name = quoteIdentifier(table.name);
  if (rowNumberOf(table) !== undefined) return `${name} NOT INDEXED`;
  return `${name} INDEXED BY ${quoteIdentifier(`sqlite_autoindex_${table.name}_1`)}`;
}

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

/** FTS5 keeps an index in ordinary tables; their pages are looked at, not what FTS5 makes of them. */
function searchStorageDamage(index: SearchIndexDefinition): Query<RawRow> {
  const tables = ["data", "idx", "docsize", "config"].map((part) => `${index.name}_${part}`);
  return query(
    `SELECT part.name AS "table" FROM sqlite_schema AS part, pragma_quick_check(part.name) AS damage
     WHERE part.type = 'table' AND part.name IN (SELECT value FROM json_each(?))
       AND damage.quick_check <> 'ok' LIMIT 1`,
    [JSON.stringify(tables)],
  );
}

function query<Row = RawRow>(sql: string, params: readonly SqlValue[] = []): Query<Row> {
  return Object.freeze({ sql, params: Object.freeze([...params]) });
}
