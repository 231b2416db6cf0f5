import type { MaintainedColumnDeclaration, OrdinaryIndexDeclaration } from "@atlas/indexing";
import type { Columns, Connection, RowOf, Table, TableDefinition, ValueOf } from "@atlas/storage";
import type { BusinessRule } from "@atlas/validation";
import type { z } from "zod";
import type { CollectionMigration } from "./collection-migration.ts";

/** An index over the collection's own table. */
export type CollectionIndex = Omit<OrdinaryIndexDeclaration, "table">;

/** A column the engine keeps equal to an SQL expression; see `@atlas/indexing`. */
export type CollectionMaintainedColumn<Name extends string = string> = Omit<
  MaintainedColumnDeclaration,
  "kind" | "table" | "key" | "column"
> & { readonly column: Name };

/** What business rules of a collection may read besides the record itself. */
export interface RuleContext<Stored = unknown> {
  /** Reads inside the transaction that the rule guards. */
  readonly connection: Connection;
  readonly actor: string | undefined;
  /** The stored record that `record` replaces; undefined for a new one. */
  before(record: object): Stored | undefined;
}

/** The columns only the engine writes: the version and maintained columns. */
export type EngineColumns<Version, Maintained> =
  | (Version extends string ? Version : never)
  | (Maintained extends readonly { readonly column: string }[]
      ? Maintained[number]["column"]
      : never);

/** A record as it is read: what the schema makes of it, and the engine's own columns. */
export type StoredRecord<
  Schema extends z.ZodObject,
  C extends Columns,
  Owned extends string,
> = z.output<Schema> & Pick<RowOf<Table<C>>, Owned & keyof C>;

/** A record as it is saved; the engine's own columns may be there and are ignored. */
export type RecordInput<Schema extends z.ZodObject, Owned extends string> = z.input<Schema> & {
  readonly [Name in Owned]?: unknown;
};

/** The value of one key column, or an object with the values of several. */
export type RecordKey<C extends Columns, Key> = Key extends readonly (infer Part extends keyof C)[]
  ? { readonly [Name in Part]: ValueOf<C[Name]> }
  : Key extends keyof C
    ? ValueOf<C[Key]>
    : never;

/** What `defineCollection` is told. */
export interface CollectionOptions<
  C extends Columns,
  Schema extends z.ZodObject,
  Key,
  Version,
  Maintained,
> {
  /** Appears in the change log, in messages and events; never changes once data is stored. */
  readonly name: string;
  readonly table: Table<C>;
  /**
   * What a record looks like. Its output has one field per column of the table,
   * apart from `version` and `maintained` columns; a nullable column is
   * `nullable()`, with a default if it may be left out.
   */
  readonly schema: Schema;
  /** The primary key of the table: a column, or a list of columns. */
  readonly key: Key;
  /** Default: none. */
  readonly indexes?: readonly CollectionIndex[];
  /** Text columns that `query` searches, with the weight of a match in each. Default: none. */
  readonly search?: Readonly<Partial<Record<keyof C & string, number>>>;
  /** Columns computed from other rows. Their tables have one key column. Default: none. */
  readonly maintained?: Maintained;
  /** Checked inside the transaction of the write, after the schema. Default: none. */
  readonly rules?: readonly BusinessRule<
    z.output<Schema>,
    RuleContext<StoredRecord<Schema, C, EngineColumns<Version, Maintained>>>
  >[];
  /** An integer column that starts at 1 and grows with each write. Default: none. */
  readonly version?: Version;
  /** Writes go into the change log. Default: true. */
  readonly tracked?: boolean;
  /** Changes of the schema after the first release, in order. Default: none. */
  readonly migrations?: readonly CollectionMigration[];
}

/** What `defineCollection` is told when the table follows from the schema. */
export interface SchemaCollectionOptions<Schema extends z.ZodObject, Key, Version> extends Pick<
  CollectionOptions<Columns, Schema, Key, Version, readonly []>,
  "name" | "schema" | "key" | "indexes" | "version" | "tracked" | "migrations"
> {
  /** Text fields that `query` searches, with the weight of a match in each. Default: none. */
  readonly search?: Readonly<Partial<Record<keyof z.output<Schema> & string, number>>>;
  /** Checked inside the transaction of the write, after the schema. Default: none. */
  readonly rules?: readonly BusinessRule<
    z.output<Schema>,
    RuleContext<VersionedRecord<Schema, Version>>
  >[];
}

/** A record whose table follows from its schema, with the version. */
export type VersionedRecord<Schema extends z.ZodObject, Version> = z.output<Schema> & {
  readonly [Name in Version & string]: number;
};

/** The value of one key field, or an object with the values of several. */
export type FieldKey<Schema extends z.ZodObject, Key> = Key extends readonly (infer Part extends
  keyof z.output<Schema>)[]
  ? Pick<z.output<Schema>, Part>
  : Key extends keyof z.output<Schema>
    ? z.output<Schema>[Key]
    : never;

/**
 * A declared collection: immutable data that may live at module scope. The type
 * parameters are what `save` takes, what `get` answers, and the key.
 */
export interface CollectionDefinition<Stored extends object = object, Input = never, Key = never> {
  readonly name: string;
  readonly table: TableDefinition;
  readonly schema: z.ZodObject;
  /** Columns of the primary key, in order. */
  readonly key: readonly string[];
  readonly indexes: readonly CollectionIndex[];
  readonly search: Readonly<Record<string, number>> | undefined;
  readonly maintained: readonly CollectionMaintainedColumn[];
  readonly rules: readonly BusinessRule<never, RuleContext<never>>[];
  readonly version: string | undefined;
  readonly tracked: boolean;
  readonly migrations: readonly CollectionMigration[];
  /** For the compiler only. */
  readonly types?: (input: Input, key: Key) => Stored;
}

/** Any collection, for lists of them. */
// The phantom types are contravariant in input and key; `never` accepts them all.
export type AnyCollection = CollectionDefinition<object, never, never>;
