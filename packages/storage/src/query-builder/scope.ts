import type { RowOf, Table } from "../table.ts";

/** The rows a query can name, by alias. For the compiler only. */
export type Scope = Readonly<Record<string, object>>;

/**
 * A query under a name, which other queries read like a table: a common table
 * expression. Whoever reads from it needs the values of its placeholders too.
 */
export interface WithTable<
  Name extends string = string,
  Row extends object = object,
  Values extends object = never,
> {
  readonly kind: "with";
  readonly name: Name;
  /** For the compiler only. */
  readonly row?: Row;
  /** For the compiler only: what its placeholders make a query ask for. */
  readonly values?: (values: Values) => void;
}

/** A table under another name, so that it may occur twice in a query. */
export interface AliasedTable<
  T extends Table | WithTable = Table | WithTable,
  Alias extends string = string,
> {
  readonly table: T;
  readonly alias: Alias;
}

/** What a query can read from. */
export type Source = Table | WithTable | AliasedTable;

type RowIn<T> =
  T extends WithTable<string, infer Row, infer _> ? Row : T extends Table ? RowOf<T> : never;

/** The scope that one source alone makes. */
export type ScopeOf<T extends Source> =
  T extends AliasedTable<infer Aliased, infer Alias>
    ? { readonly [Key in Alias]: RowIn<Aliased> }
    : T extends Table | WithTable
      ? { readonly [Key in T["name"]]: RowIn<T> }
      : never;

/** What reading from a source makes a query ask for. */
export type SourceValues<T extends Source> =
  T extends AliasedTable<infer Aliased, infer _>
    ? SourceValues<Aliased>
    : T extends WithTable<string, infer _, infer Values>
      ? Values
      : Readonly<Record<never, never>>;

/** The same scope with every column nullable: the side of a join that may have no row. */
export type Optional<S extends Scope> = {
  readonly [Alias in keyof S]: { readonly [Name in keyof S[Alias]]: S[Alias][Name] | null };
};

/** `alias.column` for every column in scope. */
export type QualifiedName<S extends Scope> = {
  [Alias in keyof S & string]: `${Alias}.${keyof S[Alias] & string}`;
}[keyof S & string];

type NamesOfOthers<S extends Scope, Alias extends keyof S> = {
  [Other in Exclude<keyof S, Alias>]: keyof S[Other];
}[Exclude<keyof S, Alias>];

/** Names that only one of the sources has. */
export type BareName<S extends Scope> = {
  [Alias in keyof S]: Exclude<keyof S[Alias], NamesOfOthers<S, Alias>> & string;
}[keyof S];

/** Every way to name a column. */
export type ColumnName<S extends Scope> = QualifiedName<S> | BareName<S>;

/** The type of the values of a named column. */
export type ValueIn<S extends Scope, Name> = Name extends `${infer Alias}.${infer Column}`
  ? Alias extends keyof S
    ? Column extends keyof S[Alias]
      ? S[Alias][Column]
      : never
    : never
  : { [Alias in keyof S]: Name extends keyof S[Alias] ? S[Alias][Name] : never }[keyof S];

/** What SQL can compare; a json column can only be asked whether it is null. */
export type Comparable = string | number | boolean | Uint8Array;

/** The part of a column's values that SQL can compare. */
export type Compared<Value> = Extract<NonNullable<Value>, Comparable>;

/** Names of the columns with values of a type, those that may also be null included. */
export type NameOf<S extends Scope, Type> = {
  [Name in ColumnName<S>]: [Compared<ValueIn<S, Name>>] extends [never]
    ? never
    : [Compared<ValueIn<S, Name>>] extends [Type]
      ? Name
      : never;
}[ColumnName<S>];

/** Shows an intersection as one object type. */
export type Simplify<T> = { [Key in keyof T]: T[Key] };
