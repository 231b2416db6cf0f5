// Not a string key: a json value may be an object with any property.
const brand: unique symbol = Symbol("column");

/** Stands where a value could for the value of a column of the same row. */
export interface ColumnReference<Name extends string = string> {
  readonly [brand]: Name;
}

/** A column in the place of a value: `.where("notes.task", "eq", column("tasks.id"))`. */
export function column<const Name extends string>(name: Name): ColumnReference<Name> {
  return Object.freeze({ [brand]: name });
}

/** The name of the column, or undefined for anything else. */
export function referencedColumn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as ColumnReference)[brand];
}
