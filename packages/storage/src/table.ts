import type { SqlValue } from "./sql-value.ts";

/** What a column holds; `boolean` and `json` are stored as integer and text. */
export type ColumnType = "text" | "integer" | "real" | "blob" | "boolean" | "json";

/** One column of a declared table, as plain data. */
export interface ColumnDefinition {
  readonly type: ColumnType;
  /** Default: false. */
  readonly nullable?: boolean;
  /** Stored when an insert leaves the column out. */
  readonly default?: SqlValue | boolean;
  /**
   * The database assigns a number above every earlier one when an insert leaves
   * the column out. Only for an integer that is the whole primary key.
   */
  readonly increments?: boolean;
  /** An SQL condition over this column that every row must meet. */
  readonly check?: string;
}

/** A `json` column whose content has a known type: `{ type: "json" } as JsonColumn<string[]>`. */
export interface JsonColumn<Content> extends ColumnDefinition {
  readonly type: "json";
  /** For the compiler only. */
  readonly content?: Content;
}

/** Columns by name. */
export type Columns = Readonly<Record<string, ColumnDefinition>>;

/** A reference that the database enforces. */
export interface ForeignKey {
  readonly columns: readonly string[];
  readonly table: string;
  readonly references: readonly string[];
  /** Default: "no action". */
  readonly onDelete?: "no action" | "restrict" | "cascade" | "set null";
}

/** A table as declared: what the query builder checks names against. */
export interface TableDefinition {
  readonly name: string;
  readonly columns: Columns;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly foreignKeys?: readonly ForeignKey[];
}

/** A declared table with its columns' types and its name. */
export interface Table<
  C extends Columns = Columns,
  Name extends string = string,
> extends TableDefinition {
  readonly name: Name;
  readonly columns: C;
}

type ContentOf<C extends ColumnDefinition> = C extends { readonly content?: infer Content }
  ? unknown extends Content
    ? unknown
    : Exclude<Content, undefined>
  : unknown;

type BaseValueOf<C extends ColumnDefinition> = C["type"] extends "text"
  ? string
  : C["type"] extends "integer" | "real"
    ? number
    : C["type"] extends "blob"
      ? Uint8Array
      : C["type"] extends "boolean"
        ? boolean
        : ContentOf<C>;

/** The TypeScript type of a column's values. */
export type ValueOf<C extends ColumnDefinition> = C extends { readonly nullable: true }
  ? BaseValueOf<C> | null
  : BaseValueOf<C>;

/** The TypeScript type of a table's whole rows. */
export type RowOf<T extends TableDefinition> = {
  readonly [Name in keyof T["columns"]]: ValueOf<T["columns"][Name]>;
};

type OptionalInInsert<C extends Columns> = {
  [Name in keyof C]: C[Name] extends
    | { readonly nullable: true }
    | { readonly default: unknown }
    | { readonly increments: true }
    ? Name
    : never;
}[keyof C];

/** What an insert must and may give: columns that are nullable, have a
 * default or increment are optional. */
export type InsertOf<T extends TableDefinition> = Omit<RowOf<T>, OptionalInInsert<T["columns"]>> &
  Partial<Pick<RowOf<T>, OptionalInInsert<T["columns"]> & keyof RowOf<T>>>;
