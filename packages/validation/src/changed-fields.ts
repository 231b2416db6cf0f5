import { isDeepStrictEqual } from "node:util";
import type { FieldPath } from "./field-path.ts";

/** Objects inside each other that are looked into; what lies deeper is compared as a whole. */
const depthMax = 4;

/**
 * Names the fields in which an item differs from the stored one, as paths for
 * `changedFields`; undefined when nothing is stored, so that every rule runs.
 *
 * Objects are compared field by field, four deep; lists and everything else as
 * a whole. A field that is missing equals one that is `undefined`. An object
 * with a dot in the name of a field counts as one field.
 */
export function changedFieldsOf<Value extends object>(
  before: NoInfer<Value> | undefined,
  after: Value,
): readonly FieldPath<Value>[] | undefined {
  if (before === undefined) return undefined;
  const changed: string[] = [];
  gather(before, after, { path: "", depth: 1, changed });
  // The names come from the two values, whose fields are those of the type.
  return changed as readonly string[] as readonly FieldPath<Value>[];
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly changed: string[];
}

function gather(before: object, after: object, { path, depth, changed }: Place): void {
  const left = before as Readonly<Record<string, unknown>>;
  const right = after as Readonly<Record<string, unknown>>;
  const names = Object.keys(right);
  for (const name of Object.keys(left)) if (!Object.hasOwn(right, name)) names.push(name);
  for (const name of names) {
    const [one, other] = [left[name], right[name]];
    if (Object.is(one, other)) continue;
    const field = path + name;
    if (depth < depthMax && canLookInto(one) && canLookInto(other)) {
      gather(one, other, { path: `${field}.`, depth: depth + 1, changed });
    } else if (!areEqual(one, other)) {
      changed.push(field);
    }
  }
}

function areEqual(one: unknown, other: unknown): boolean {
  // Lists of names are what items mostly hold, and the general comparison is slow to begin.
  if (Array.isArray(one) && Array.isArray(other)) {
    if (one.length !== other.length) return false;
    let at = 0;
    while (at < one.length && Object.is(one[at], other[at])) at += 1;
    if (at === one.length) return true;
  }
  const comparable = typeof one === "object" && typeof other === "object";
  return comparable && isDeepStrictEqual(one, other);
}

function canLookInto(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) &&
    !Object.keys(value).some((name) => name.includes("."))
  );
}
