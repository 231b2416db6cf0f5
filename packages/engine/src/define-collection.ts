import type { Columns, RowOf, Table, TableDefinition } from "@atlas/storage";
import type { z } from "zod";
import type {
  CollectionDefinition,
  CollectionMaintainedColumn,
  CollectionOptions,
  EngineColumns,
  RecordInput,
  FieldKey,
  RecordKey,
  SchemaCollectionOptions,
  StoredRecord,
  VersionedRecord,
} from "./collection-definition.ts";
import { engineError } from "./errors.ts";
import { tableOfSchema } from "./table-of-schema.ts";

/** Longest name of a collection. */
export const collectionNameLengthMax = 64;

const known = [
  "name",
  "table",
  "schema",
  "key",
  "indexes",
  "search",
  "maintained",
  "rules",
  "version",
  "tracked",
  "migrations",
];

/**
 * Declares a collection whose table has the collection's name and a column for
 * each field: text, integer, real, boolean, and JSON for everything else.
 *
 * @throws {AtlasError} configuration.collection_invalid when the declaration contradicts itself,
 * or no column follows from a field.
 */
export function defineCollection<
  Schema extends z.ZodObject,
  const Key extends
    | (keyof z.output<Schema> & string)
    | readonly (keyof z.output<Schema> & string)[],
  const Version extends string | undefined = undefined,
>(
  options: SchemaCollectionOptions<Schema, Key, Version> & { readonly table?: undefined },
): CollectionDefinition<
  VersionedRecord<Schema, Version>,
  RecordInput<Schema, Version & string>,
  FieldKey<Schema, Key>
>;

/**
 * Declares a collection: a table, what its records look like, and what the
 * engine keeps for it.
 *
 * @throws {AtlasError} configuration.collection_invalid when the declaration contradicts itself.
 */
export function defineCollection<
  const C extends Columns,
  const Key extends (keyof C & string) | readonly (keyof C & string)[],
  Schema extends z.ZodObject & z.ZodType<Partial<RowOf<Table<C>>>>,
  const Version extends (keyof C & string) | undefined = undefined,
  const Maintained extends readonly CollectionMaintainedColumn<keyof C & string>[] = readonly [],
>(
  options: CollectionOptions<C, Schema, Key, Version, Maintained>,
): CollectionDefinition<
  StoredRecord<Schema, C, EngineColumns<Version, Maintained>>,
  RecordInput<Schema, EngineColumns<Version, Maintained>>,
  RecordKey<C, Key>
>;

export function defineCollection(
  options: AnyOptions,
): CollectionDefinition<never, unknown, unknown> {
  const { name, schema, version } = options;
  const key: readonly string[] = Object.freeze([options.key].flat());
  const problem = (reason: string): Error => invalid(name, reason);
  const definition: CollectionDefinition<never, unknown, unknown> = {
    name,
    table: options.table ?? tableOfSchema({ name, schema, key, version }, problem),
    schema,
    key,
    indexes: Object.freeze([...(options.indexes ?? [])]),
    // A number is there for each column that is named.
    search: options.search as CollectionDefinition["search"],
    maintained: Object.freeze([...(options.maintained ?? [])]),
    // The list is only ever run on records of this schema.
    rules: Object.freeze([...(options.rules ?? [])]) as CollectionDefinition["rules"],
    version,
    tracked: options.tracked ?? true,
    migrations: Object.freeze([...(options.migrations ?? [])]),
  };
  check(definition, Object.keys(options));
  return Object.freeze(definition);
}

/** What both forms have in common; the compiler has checked the rest where they are called. */
interface AnyOptions extends Partial<
  Pick<CollectionDefinition, "indexes" | "maintained" | "migrations" | "tracked">
> {
  readonly name: string;
  readonly schema: z.ZodObject;
  readonly key: string | readonly string[];
  readonly table?: TableDefinition | undefined;
  readonly search?: object;
  readonly rules?: readonly object[];
  readonly version?: string | undefined;
}

function check(definition: CollectionDefinition, given: readonly string[]): void {
  const { name, table, version, key } = definition;
  const problem = (reason: string): Error => invalid(name, reason);
  const stranger = given.find((option) => !known.includes(option));
  if (stranger !== undefined) {
    throw problem(`it has an option "${stranger}"; known are ${known.join(", ")}`);
  }
  if (!/^[a-z][a-z0-9_]*$/.test(name) || name.length > collectionNameLengthMax) {
    throw problem(`its name is not lower case with at most ${collectionNameLengthMax} characters`);
  }
  if (key.join() !== table.primaryKey.join()) {
    throw problem(`its key is not the primary key of the table ${table.name}`);
  }
  if (version !== undefined && table.columns[version]?.type !== "integer") {
    throw problem(`its version "${version}" is not an integer column`);
  }
  if (key.some((column) => !["text", "integer"].includes(table.columns[column]?.type ?? ""))) {
    throw problem("its key has a column that is neither text nor integer");
  }
  checkMaintained(definition, problem);
  checkFields(definition, problem);
}

function checkMaintained(
  { table, key, version, maintained }: CollectionDefinition,
  problem: (reason: string) => Error,
): void {
  if (maintained.length > 0 && key.length > 1) {
    throw problem("it has maintained columns and a key of several columns");
  }
  for (const { column } of maintained) {
    const definition = table.columns[column];
    if (definition === undefined) throw problem(`its maintained column "${column}" does not exist`);
    if (column === version || key.includes(column)) {
      throw problem(`its column "${column}" cannot be maintained and key or version as well`);
    }
    if (definition.default === undefined && definition.nullable !== true) {
      throw problem(`its maintained column "${column}" needs a default for new rows`);
    }
  }
}

function checkFields(
  { table, schema, version, maintained }: CollectionDefinition,
  problem: (reason: string) => Error,
): void {
  const owned = new Set([version, ...maintained.map(({ column }) => column)]);
  const fields = Object.keys(schema.shape);
  for (const field of fields) {
    if (table.columns[field] === undefined) throw problem(`its field "${field}" has no column`);
    if (owned.has(field)) throw problem(`its field "${field}" is written by the engine alone`);
  }
  const missing = Object.keys(table.columns).find(
    (column) => !owned.has(column) && !fields.includes(column),
  );
  if (missing !== undefined) throw problem(`its column "${missing}" has no field in the schema`);
}

function invalid(name: string, reason: string): Error {
  return engineError(
    "configuration.collection_invalid",
    `The collection "${name}" cannot be declared: ${reason}. Correct the declaration.`,
    { details: { collection: name, reason } },
  );
}
