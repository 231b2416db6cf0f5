import { createValidationCoordinator, type ValidationCoordinator } from "@atlas/validation";
import type { AnyCollection, RuleContext } from "./collection-definition.ts";
import { CollectionStatements, type Row } from "./collection-statements.ts";

/** One collection with everything that is made once for it. */
export interface CollectionRuntime {
  readonly definition: AnyCollection;
  readonly statements: CollectionStatements;
  /** Columns that are no part of what a caller saves: version and maintained ones. */
  readonly owned: ReadonlySet<string>;
  /** Columns whose changes are changes of the record. */
  readonly fields: readonly string[];
  /** Name of the search index, if the collection has one. */
  readonly searchIndex: string | undefined;
  /** The form of a record; needs no transaction. */
  readonly schemas: ValidationCoordinator<Row>;
  /** The rules, over records that have the right form; absent when there are none. */
  readonly rules: ValidationCoordinator<Row, RuleContext> | undefined;
}

/** Records one validation accepts: as many as `saveMany` does. */
export const recordsMax = 10_000;

/** Makes what is made once for a collection. */
export function createCollectionRuntime(definition: AnyCollection): CollectionRuntime {
  const { name, table, schema, version, maintained, rules, search } = definition;
  const owned = new Set(maintained.map(({ column }) => column));
  if (version !== undefined) owned.add(version);
  return {
    definition,
    statements: new CollectionStatements(definition),
    owned,
    fields: Object.keys(table.columns).filter((column) => !owned.has(column)),
    searchIndex: search === undefined ? undefined : `${name}_search`,
    schemas: createValidationCoordinator<Row>(schema, { itemsMax: recordsMax }),
    rules:
      rules.length === 0
        ? undefined
        : createValidationCoordinator<Row, RuleContext>(asTheyAre, {
            // Rules are declared over the records of this collection, and get no others.
            rules: rules as never,
            itemsMax: recordsMax,
          }),
  };
}

/** Records that reach the rules have passed the schema already. */
const asTheyAre = {
  "~standard": { version: 1, validate: (value: unknown) => ({ value: value as Row }) },
} as const;

/** The input without the engine's own columns, so that what was read can be saved. */
export function withoutOwned({ owned }: CollectionRuntime, input: unknown): unknown {
  if (owned.size === 0 || typeof input !== "object" || input === null) return input;
  if (!Object.keys(input).some((name) => owned.has(name))) return input;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !owned.has(name)));
}
