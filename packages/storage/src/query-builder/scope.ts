import type { RowOf, Table, TableDefinition } from "../table.ts";

/** The rows a query can name, by alias. For the compiler only. */
export type Scope = Readonly<Record<string, object>>;

/** A table under another name, so that it may occur twice in a query. */
export interface AliasedTable<
  T extends TableDefinition = TableDefinition,
  Alias extends string = string,
> {
  readonly table: T;
  readonly alias: Alias;
}

/** What a query can read from. */
export type Source = Table | AliasedTable<Table>;

/** The scope that one source alone makes. */
export type ScopeOf<T extends Source> =
  T extends AliasedTable<infer Aliased, infer Alias>
    ? { readonly [Key in Alias]: RowOf<Aliased> }
    : T extends Table
      ? { readonly [Key in T["name"]]: RowOf<T> }
      : never;

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

/** Shows an intersection as one object type. */
export type Simplify<T> = { [Key in keyof T]: T[Key] };
