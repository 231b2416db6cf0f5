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
  /**
   * Lengths of beginnings that are indexed as words of their own, 1 to 31, at most 4 of them: for
   * search while somebody types. Default: none; the beginning of a word is found all the same.
   */
  readonly prefix?: readonly number[];
  /** Takes endings off English words, so that "connects" finds "connection". Default: words as written. */
  readonly stem?: "english";
  /**
   * Finds any three or more characters anywhere in a text, also in scripts without blanks between
   * words. A row then costs ten times as much to insert. Not with `prefix` or `stem`. Default: false.
   */
  readonly substring?: boolean;
}

/** How a typed text is understood. */
export interface SearchTextOptions {
  /** Only these columns are looked at. Default: all of the index. */
  readonly columns?: readonly string[];
  /** Whether every word must occur or one is enough. Default: "all". */
  readonly match?: "all" | "any";
}

/** How found rows are shown. */
export interface SearchDisplay {
  /** Weights instead of those of the index, for this search. A column that is left out weighs 0. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The column a snippet is cut from. Default: the one with the best match. */
  readonly column?: string;
  /** Stands before a word that was found. Default: "[". */
  readonly before?: string;
  /** Stands behind it. Default: "]". */
  readonly after?: string;
  /** Stands for what was cut off. Default: "…". */
  readonly ellipsis?: string;
  /** Words of a snippet, 1 to 64; of an index for substrings its pieces of three. Default: 16. */
  readonly words?: number;
}

/** SQL of a search whose rows come best first: parts of one query over the table under its own name. */
export interface SearchParts {
  /** Follows the table in FROM. */
  readonly join: string;
  /** A condition with one `?` for the search text. */
  readonly condition: string;
  /** Follows ORDER BY. */
  readonly order: string;
  /** A column: the place of the match with its words marked. */
  readonly snippet: string;
}

/** Something a search index consists of in the schema, with the SQL that made it. */
export interface SchemaPart {
  readonly name: string;
  readonly sql: string;
}

/** A word of a search index at one place of one row. */
export interface SearchWord {
  readonly word: string;
  readonly row: number;
  readonly column: string;
  readonly place: number;
}

/** What a search index says about some rows. */
export interface SearchEntries {
  readonly words: readonly SearchWord[];
  /** The lengths of the texts of each row, as the database keeps them to rank by. */
  readonly sizes: ReadonlyMap<number, string>;
}

/** A row whose texts are to be taken apart, in the order of the columns of the index. */
export interface SearchedRow {
  readonly row: number;
  readonly texts: readonly (string | null)[];
}

/** Takes texts apart exactly as a search index does, beside the store. */
export interface SearchReference extends Disposable {
  /** What an index over these rows alone holds. */
  entriesOf(rows: readonly SearchedRow[]): SearchEntries;
}

/**
 * The steps of making a search index again beside the one that serves. Each is
 * run in a transaction; between them others may write.
 */
export interface SearchIndexBuild {
  /** Of the table that becomes the new index. */
  readonly name: string;
  /**
   * Begins: from then on rows up to the number in the first column of `covered`, an SQL query of
   * one value, are kept in the new index by whoever writes them.
   */
  begin(covered: string): readonly string[];
  /** Adds the rows above one number up to another, both bound as `?`. */
  readonly fill: string;
  /** Puts the new index in the place of the old one, which must be gone. */
  readonly finish: readonly string[];
  /** Removes what an unfinished build left; each statement fails when what it names is gone. */
  readonly abandon: readonly string[];
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
  /** What a search index consists of when it is complete. */
  searchIndexParts(index: SearchIndexDefinition, table: TableDefinition): readonly SchemaPart[];
  /**
   * What is there of a search index, as `name` and `sql`. The first query always answers, the
   * others only when it has named the index itself.
   */
  listSearchIndexParts(index: SearchIndexDefinition): readonly Query<RawRow>[];
  /** How a search index is made again in steps, while the old one serves. */
  searchIndexBuild(index: SearchIndexDefinition, table: TableDefinition): SearchIndexBuild;
  /**
   * A condition `"key" IN (…)` with one `?` for the search text, true for
   * rows that match.
   */
  searchCondition(index: SearchIndexDefinition, key: string): string;
  /** The parts of a query whose rows come best first. */
  rankedSearch(index: SearchIndexDefinition, display?: SearchDisplay): SearchParts;
  /**
   * Turns what a person typed into the search language; never throws, whatever was typed. Words in
   * quotation marks are a phrase, a trailing `*` means "begins with"; nothing else is syntax.
   */
  searchText(input: string, index?: SearchIndexDefinition, options?: SearchTextOptions): string;
  /**
   * Finds differences between the search structure and its table; no rows when
   * there are none. To be run in a transaction that may write, because a
   * database may have to in order to look; a query may also fail with
   * index.corrupt instead of returning rows, and the transaction is then rolled
   * back.
   */
  verifySearchIndex(index: SearchIndexDefinition): readonly Query<RawRow>[];
  /**
   * Tells a search index whose pages are damaged from one that contradicts its
   * data: returns a row with the `table` they belong to, or fails with
   * storage.corrupt, when they are.
   */
  searchStorageDamage(index: SearchIndexDefinition): Query<RawRow>;
  /** The part of a search index through which its words are read. */
  searchWordsName(index: SearchIndexDefinition): string;
  /** The words of a search index with their places, in order, from one word on; `skip` of them later. */
  searchWords(
    index: SearchIndexDefinition,
  ): Query<SearchWord, { readonly from: string; readonly limit: number; readonly skip: number }>;
  /**
   * At how many places each word of a JSON list is found when it is looked up, in the order of the
   * list.
   */
  countSearchPlaces(index: SearchIndexDefinition): Query<number, { readonly words: string }>;
  /** The lengths of texts that a search index keeps, as `row` and `size`, of rows above `after` up to `to`. */
  searchSizes(
    index: SearchIndexDefinition,
  ): Query<RawRow, { readonly after: number; readonly to: number }>;
  openSearchReference(index: SearchIndexDefinition): Promise<SearchReference>;
  /** One row when the table exists, none otherwise. */
  tableExists(table: string): Query<RawRow>;
  /** Names of the indexes that exist on a table, with the SQL that made each. */
  listIndexes(table: string): Query<RawRow>;
  /** The columns of the primary key of a table as it is stored, as `column`, in order. */
  primaryKeyColumns(table: string): Query<RawRow>;
  /** One row with the `name` of the index that finds rows by these columns, none when the table does. */
  keyIndex(table: string, columns: readonly string[]): Query<RawRow>;
  /**
   * Finds damage in everything that is stored, references between tables included, at most 10 of
   * each kind: a row for each, whose `damage` is a full sentence; no rows when there is none. A
   * transaction sees by it what it is about to commit. Undefined when the database has no way to
   * look.
   */
  integrityCheck(): readonly Query<{ readonly damage: string }>[] | undefined;
  /** The statements that make an index again that belongs to its table. */
  reindex(name: string): readonly string[];
  /** A table in FROM, read as it is stored and through none of the indexes beside it. */
  pastIndexes(table: TableDefinition): string;
  /** The name under which rows have a number; undefined when the primary key is all they have. */
  rowNumber(table: TableDefinition): string | undefined;
}
