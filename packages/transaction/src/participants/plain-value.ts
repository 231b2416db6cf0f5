import { transactionError } from "../errors.ts";

/** Objects in one value. */
const objectsMax = 100_000;
/** Objects within each other. */
const depthMax = 500;

/**
 * A copy that nobody can change: plain objects and lists are frozen through and
 * through. Anything that cannot be frozen (dates, maps, bytes, functions,
 * instances of classes, symbols as names) is refused, and so is what is nested
 * deeper than 500.
 *
 * @throws {AtlasError} transaction.value_unsupported
 * @internal
 */
export function frozenCopy<T>(value: T): T {
  let objects = 0;
  const copies = new Map<object, unknown>();
  const copy = (part: unknown, depth: number): unknown => {
    if (typeof part === "function" || typeof part === "symbol") throw unsupported(typeof part);
    if (typeof part !== "object" || part === null) return part;
    const known = copies.get(part);
    if (known !== undefined) return known;
    if (depth > depthMax) throw unsupported(`objects nested deeper than ${depthMax}`);
    objects += 1;
    if (objects > objectsMax) throw unsupported(`more than ${objectsMax} objects`);
    if (Array.isArray(part)) {
      const list: unknown[] = [];
      copies.set(part, list);
      for (const item of part) list.push(copy(item, depth + 1));
      return Object.freeze(list);
    }
    if (!isPlain(part)) throw unsupported(Object.prototype.toString.call(part));
    if (Object.getOwnPropertySymbols(part).length > 0) throw unsupported("a symbol as a name");
    const object = Object.create(Object.getPrototypeOf(part) as object | null) as object;
    copies.set(part, object);
    for (const [name, item] of Object.entries(part))
      Object.defineProperty(object, name, { value: copy(item, depth + 1), enumerable: true });
    return Object.freeze(object);
  };
  // A copy has the shape of what it was copied from.
  return copy(value, 1) as T;
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
