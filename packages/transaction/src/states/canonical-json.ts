import { transactionError } from "../errors.ts";

/** What can be stored as JSON and read back the same. */
export type StoredValue =
  | string
  | number
  | boolean
  | null
  | readonly StoredValue[]
  | { readonly [key: string]: StoredValue };

const depthMax = 64;

/**
 * The one text of a JSON value: keys sorted by their UTF-16 units, no blanks,
 * numbers and strings as ECMAScript writes them (the JSON Canonicalization
 * Scheme, RFC 8785). Equal values have equal texts, so a checksum over it is one
 * over the value.
 *
 * @throws {AtlasError} transaction.invalid_option for what JSON would lose or change.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > depthMax) throw notJson(`is nested deeper than ${depthMax}`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw notJson("holds half of a surrogate pair");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw notJson("holds a number that is not finite");
    return JSON.stringify(value);
  }
  // Unlike `map`, `Array.from` meets what was left out, which JSON cannot hold.
  if (Array.isArray(value))
    return `[${Array.from(value, (item) => write(item, depth + 1)).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${write(key, depth + 1)}:${write(item, depth + 1)}`);
    return `{${entries.join(",")}}`;
  }
  throw notJson("holds something other than plain objects, lists, texts, numbers and booleans");
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function notJson(reason: string): Error {
  return transactionError(
    "transaction.invalid_option",
    `The value cannot be kept as JSON: it ${reason}. Give plain data.`,
    { details: { reason } },
  );
}
