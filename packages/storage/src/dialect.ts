import type { Query } from "./query.ts";
import type { RawRow } from "./sql-value.ts";
import type { TableDefinition } from "./table.ts";

/** An ordinary index over columns or expressions of one table. */
export interface IndexDefinition {
  readonly name: string;
  readonly table: string;
  /** Column names or, as `{ expression }`, SQL over the table's columns. */
  readonly on: readonly (string | IndexExpression)[];
  /** Default: false. */
  readonly unique?: boolean;
  /** Only rows for which this SQL condition holds are in the index. */
  readonly where?: string;
}

/** SQL text over the columns of the indexed table; never built from a caller's strings. */
export interface IndexExpression {
  readonly expression: string;
  readonly direction?: "asc" | "desc";
}

/** A full-text index over text columns of one table. */
export interface SearchIndexDefinition {
  readonly name: string;
  readonly table: string;
  /** Text columns with the weight of a match in each. */
  readonly columns: Readonly<Record<string, number>>;
}

/** What differs between database systems. Only drivers implement it. */
export interface Dialect {
  /** For messages only: nothing above the driver branches on it. */
  readonly name: string;
  quoteIdentifier(name: string): string;
  createTable(table: TableDefinition): readonly string[];
  createIndex(index: IndexDefinition): readonly string[];
  dropIndex(name: string): readonly string[];
  /** The statements that create the search structure and keep it in step from then on. */
  createSearchIndex(index: SearchIndexDefinition, table: TableDefinition): readonly string[];
  dropSearchIndex(index: SearchIndexDefinition): readonly string[];
  /** Fills the search structure from the table again. */
  rebuildSearchIndex(index: SearchIndexDefinition): readonly string[];
  /**
   * A condition `"key" IN (…)` with one `?` for the search text, true for
   * rows that match.
   */
  searchCondition(index: SearchIndexDefinition, key: string): string;
  /** Turns what a person typed into the search language; never throws, whatever was typed. */
  searchText(input: string): string;
  /**
   * Finds differences between the search structure and its table; no rows when
   * there are none. To be run in a transaction that may write, because a
   * database may have to in order to look; a query may also fail with
   * index.corrupt instead of returning rows.
   */
  verifySearchIndex(index: SearchIndexDefinition): readonly Query<RawRow>[];
  /** One row when the table exists, none otherwise. */
  tableExists(table: string): Query<RawRow>;
  /** Names of the indexes that exist on a table, with the SQL that made each. */
  listIndexes(table: string): Query<RawRow>;
}
