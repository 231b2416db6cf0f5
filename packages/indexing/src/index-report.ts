import type { SqlValue } from "@atlas/storage";
import type { IndexKind } from "./index-declaration.ts";

/**
 * What can be wrong with an index.
 *
 * - `missing`: it is declared and does not exist.
 * - `definition_differs`: what exists was made from another declaration.
 * - `undeclared`: it was made here and is no longer declared.
 * - `entries_differ`: it holds other entries than the table has rows for.
 * - `value_differs`: a maintained column does not hold what its expression says.
 * - `unreadable`: it cannot be read; `actual` names the code of the error.
 */
export type IndexProblem =
  | "missing"
  | "definition_differs"
  | "undeclared"
  | "entries_differ"
  | "value_differs"
  | "unreadable";

/** One difference between an index and what it should be. */
export interface IndexFinding {
  readonly index: string;
  readonly kind: IndexKind;
  readonly problem: IndexProblem;
  /** The row, where the difference belongs to one. */
  readonly key?: SqlValue;
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
}

/** What `rebuild` did. */
export interface RebuildReport {
  /** Names of the indexes that were made again, in order. */
  readonly rebuilt: readonly string[];
  /** Rows of maintained columns that were written because their value was wrong. */
  readonly repairedRows: number;
}
