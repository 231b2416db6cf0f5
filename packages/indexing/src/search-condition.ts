import type { SqlValue } from "@atlas/storage";

/** A condition for a WHERE clause, with the values for its `?`. */
export interface SearchCondition {
  /** Stable for an index: the text searched for is bound, not spliced. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** How a typed text is understood. */
export interface SearchOptions {
  /** Only these columns of the index are looked at. Default: all. */
  readonly columns?: readonly string[];
  /** Whether every word must occur or one is enough. Default: "all". */
  readonly match?: "all" | "any";
}

/** How a ranked search is understood, weighed and shown. */
export interface RankedSearchOptions extends SearchOptions {
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

/**
 * The parts of a query whose rows come best first, over the table of the search
 * index under its own name:
 * `SELECT …, ${snippet} AS snippet FROM table ${join} WHERE ${sql} ORDER BY ${order} LIMIT …`.
 */
export interface RankedSearch extends SearchCondition {
  /** Follows the table in FROM. */
  readonly join: string;
  /** Follows ORDER BY, alone: with a second term all matches are sorted with their snippets. */
  readonly order: string;
  /** A column: the place of the match with its words marked. */
  readonly snippet: string;
}
