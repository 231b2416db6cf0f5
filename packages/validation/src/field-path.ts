/** Objects that a path does not lead into: they are read as a whole. */
type Whole = readonly unknown[] | ReadonlySet<never> | ReadonlyMap<never, never> | Date;

/**
 * The way to a field of an item: its name, or names joined by dots that lead
 * into objects (`address.city`), four deep. Lists are one field.
 */
export type FieldPath<Item, Deeper extends readonly unknown[] = [1, 1, 1]> = {
  readonly [Name in keyof Item & string]-?:
    | Name
    | (Deeper extends readonly [unknown, ...infer Rest]
        ? NonNullable<Item[Name]> extends infer Inner
          ? Inner extends Whole | ((...given: never[]) => unknown)
            ? never
            : Inner extends object
              ? `${Name}.${FieldPath<Inner, Rest>}`
              : never
          : never
        : never);
}[keyof Item & string];

/**
 * True when one path leads to the other or through it: a change of `address`
 * may change `address.city`, and a change of `address.city` changes `address`.
 */
export function overlaps(one: string, other: string): boolean {
  return one === other || leadsThrough(one, other) || leadsThrough(other, one);
}

function leadsThrough(path: string, start: string): boolean {
  return path.length > start.length && path[start.length] === "." && path.startsWith(start);
}
