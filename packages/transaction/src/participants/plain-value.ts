import { transactionError } from "../errors.ts";

/** Objects in one value. */
const objectsMax = 100_000;

/**
 * A copy that nobody can change: plain objects and lists are frozen through and
 * through. Anything that cannot be frozen (dates, maps, bytes, functions,
 * instances of classes) is refused.
 *
 * @throws {AtlasError} transaction.value_unsupported
 * @internal
 */
export function frozenCopy<T>(value: T): T {
  let objects = 0;
  const copies = new Map<object, unknown>();
  const copy = (part: unknown): unknown => {
    if (typeof part === "function" || typeof part === "symbol") throw unsupported(typeof part);
    if (typeof part !== "object" || part === null) return part;
    const known = copies.get(part);
    if (known !== undefined) return known;
    objects += 1;
    if (objects > objectsMax) throw unsupported(`more than ${objectsMax} objects`);
    if (Array.isArray(part)) {
      const list: unknown[] = [];
      copies.set(part, list);
      for (const item of part) list.push(copy(item));
      return Object.freeze(list);
    }
    if (!isPlain(part)) throw unsupported(Object.prototype.toString.call(part));
    const object = Object.create(Object.getPrototypeOf(part) as object | null) as object;
    copies.set(part, object);
    for (const [name, item] of Object.entries(part))
      Object.defineProperty(object, name, { value: copy(item), enumerable: true });
    return Object.freeze(object);
  };
  // A copy has the shape of what it was copied from.
  return copy(value) as T;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function unsupported(what: string): Error {
  return transactionError(
    "transaction.value_unsupported",
    `A value holds something that cannot be shared safely (${what}). Keep plain objects, lists, ` +
      "texts, numbers, booleans and null.",
  );
}
