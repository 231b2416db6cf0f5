import type { IndexDefinition, SearchIndexDefinition } from "@atlas/storage";

/**
 * The primary key that a table was created with: nothing is made or removed,
 * but its entries can be counted, verified and rebuilt like those of any index.
 */
export interface PrimaryIndexDeclaration {
  readonly kind: "primary";
  readonly name: string;
  readonly table: string;
}

/** An ordinary index: over columns or expressions, on all rows or on some. */
export interface OrdinaryIndexDeclaration extends Omit<IndexDefinition, "unique"> {
  /** `unique` refuses two rows with the same entry; `secondary` only makes reads fast. */
  readonly kind: "unique" | "secondary";
}

/** A full-text index over text columns of one table. */
export interface SearchIndexDeclaration extends SearchIndexDefinition {
  readonly kind: "search";
}

/**
 * A column whose value always equals an SQL expression over other rows, such
 * as a count of children. The coordinator keeps it, nobody else writes it.
 */
export interface MaintainedColumnDeclaration {
  readonly kind: "maintained";
  readonly name: string;
  readonly table: string;
  /** The column that is kept. */
  readonly column: string;
  /** The one column that identifies a row of `table`. */
  readonly key: string;
  /**
   * SQL of one value. The row is called `self` in it:
   * `SELECT count(*) FROM task AS child WHERE child.parent_id = self.id`.
   * Other tables must not be called `self`. Never built from a caller's strings.
   */
  readonly expression: string;
  /** Changes of rows after which the value may be another. Default: none. */
  readonly affectedBy?: readonly AffectingChange[];
}

/** How a row was changed. */
export type ChangeKind = "created" | "updated" | "deleted";

/**
 * Says which rows of a maintained table are touched when a row of some table
 * changes. The value is taken from the row as it was before and as it is after,
 * so that what loses something is recomputed as well as what gains it.
 */
export interface AffectingChange {
  /** The table whose rows change; may be the maintained table itself. */
  readonly table: string;
  /** An update counts only when it changes one of these. Default: every column. */
  readonly columns?: readonly string[];
  /** Default: all three. */
  readonly on?: readonly ChangeKind[];
  /** The column of the changed row that holds the key of the maintained row. */
  readonly via: string;
  /**
   * For keys that are one table away: `via` is looked for in `match`, and the
   * maintained rows are those named in `key`.
   */
  readonly through?: ThroughTable;
}

/** A table that connects changed rows with maintained ones. */
export interface ThroughTable {
  readonly table: string;
  /** Holds what `via` holds. */
  readonly match: string;
  /** Holds the key of the maintained row. */
  readonly key: string;
}

/** Anything an index coordinator looks after. */
export type IndexDeclaration =
  | PrimaryIndexDeclaration
  | OrdinaryIndexDeclaration
  | SearchIndexDeclaration
  | MaintainedColumnDeclaration;

/** The kinds of declarations. */
export type IndexKind = IndexDeclaration["kind"];
