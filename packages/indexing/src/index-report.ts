import type { SqlValue } from "@atlas/storage";
import type { IndexKind } from "./index-declaration.ts";

/**
 * What can be wrong with an index.
 *
 * - `missing`: it is declared and does not exist.
 * - `definition_differs`: what exists was made from another declaration.
 * - `undeclared`: it was made here and is no longer declared.
 * - `entries_differ`: it does not hold the entries of a row, or holds some of a row that is not
 *   there or says something else; `expected` and `actual` count them where they can be counted.
 * - `duplicate`: two rows have the same entry in a unique index; the data have to be mended.
 * - `upkeep_differs`: what keeps it in step, named by `part`, is missing or another.
 * - `value_differs`: a maintained column does not hold what its expression says.
 * - `unreadable`: the file is damaged where it is kept, or tables of it are gone. A rebuild mends
 *   what the database can still drop; otherwise restore a backup. `actual` names the code of the
 *   error, `part` the damaged piece.
 */
export type IndexProblem =
  | "missing"
  | "definition_differs"
  | "undeclared"
  | "entries_differ"
  | "duplicate"
  | "upkeep_differs"
  | "value_differs"
  | "unreadable";

/** One difference between an index and what it should be. */
export interface IndexFinding {
  readonly index: string;
  readonly kind: IndexKind;
  readonly problem: IndexProblem;
  /** The primary key of the row it belongs to, if there is such a row; several columns as JSON. */
  readonly key?: SqlValue;
  /** The number of the row, in tables that have numbers, also when there is no such row. */
  readonly row?: number;
  /** What of the index it is about, such as a trigger. */
  readonly part?: string;
  readonly expected?: SqlValue;
  readonly actual?: SqlValue;
}

/** What a verification found. */
export interface IndexReport {
  /** True when nothing was found. */
  readonly ok: boolean;
  readonly findings: readonly IndexFinding[];
  /** True when findings were left out because there were more than allowed. */
  readonly truncated: boolean;
  /** Names of the indexes that were looked at. */
  readonly verified: readonly string[];
}

/** What `ensure` did, by name of index. All empty when everything was in place. */
export interface EnsureReport {
  readonly created: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
  /** Rebuilds that had been interrupted and were finished. */
  readonly finished: readonly string[];
}

/** What `rebuild` did. */
export interface RebuildReport {
  /** Names of the indexes that were made again, in order. */
  readonly rebuilt: readonly string[];
  /** Rows of maintained columns that were written because their value was wrong. */
  readonly repairedRows: number;
  /** One for each of `rebuilt`. */
  readonly indexes: readonly RebuiltIndex[];
}

/** How one index was made again. */
export interface RebuiltIndex {
  readonly name: string;
  readonly kind: IndexKind;
  /** Of a maintained column, those whose value was wrong; 0 for other kinds. */
  readonly repairedRows: number;
  /** Transactions it took. */
  readonly slices: number;
  /** The longest of them, in which others waited, in milliseconds. */
  readonly longestSliceMs: number;
  readonly durationMs: number;
}
