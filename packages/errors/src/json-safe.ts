/** What `JSON.stringify` keeps without loss. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Bounds for {@link toJsonSafe}. */
export interface JsonSafeOptions {
  /** Objects nested deeper become a marker. Default: 6. */
  readonly depthMax?: number;
  /** Entries kept per object or array. Default: 100. */
  readonly entriesMax?: number;
  /** UTF-16 units kept per string. Default: 8,192. */
  readonly stringLengthMax?: number;
  /** True for property names whose values are replaced by `[redacted]`. Default: none. */
  readonly redact?: (key: string) => boolean;
}

/** The defaults of {@link JsonSafeOptions}. */
export const jsonSafeDefaults: Readonly<Required<JsonSafeOptions>> = Object.freeze({
  depthMax: 6,
  entriesMax: 100,
  stringLengthMax: 8_192,
  redact: () => false,
});

interface Walk {
  readonly options: Required<JsonSafeOptions>;
  readonly open: Set<object>;
}

/**
 * Copies a value into something `JSON.stringify` accepts, of bounded size.
 *
 * Never throws: cycles, getters that throw, functions, binary data and numbers
 * JSON has no form for become short markers. An object comes back as an object.
 */
export function toJsonSafe(value: unknown, options: JsonSafeOptions = {}): JsonValue {
  const walk = { options: { ...jsonSafeDefaults, ...options }, open: new Set<object>() };
  return copy(value, walk);
}

function copy(value: unknown, walk: Walk): JsonValue {
  switch (typeof value) {
    case "string":
      return cut(value, walk.options.stringLengthMax);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    case "object":
      return value === null ? null : copyObject(value, walk);
    default:
      return `[${typeof value}]`;
  }
}

function copyObject(value: object, walk: Walk): JsonValue {
  if (walk.open.has(value)) return "[circular]";
  if (walk.open.size >= walk.options.depthMax) return "[too deep]";
  walk.open.add(value);
  try {
    return describe(value, walk);
  } catch {
    // A getter or a proxy threw: a log line must not fail for that.
    return "[unreadable]";
  } finally {
    walk.open.delete(value);
  }
}

function describe(value: object, walk: Walk): JsonValue {
  if (Array.isArray(value)) return copyList(value, value.length, walk);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return copyEntries(value, value.size, walk);
  if (value instanceof Set) return copyList(value, value.size, walk);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON(), walk);
  const named = value instanceof Error ? { name: value.name, message: value.message } : {};
  const entries = Object.entries({ ...named, ...value });
  return copyEntries(entries, entries.length, walk);
}

function copyList(values: Iterable<unknown>, size: number, walk: Walk): JsonValue {
  const { entriesMax } = walk.options;
  const copies: JsonValue[] = [];
  for (const value of values) {
    if (copies.length === entriesMax) break;
    copies.push(copy(value, walk));
  }
  if (size > entriesMax) copies.push(`[${size - entriesMax} more]`);
  return copies;
}

function copyEntries(
  entries: Iterable<readonly [unknown, unknown]>,
  size: number,
  walk: Walk,
): JsonValue {
  const { entriesMax, stringLengthMax, redact } = walk.options;
  const copies: [string, JsonValue][] = [];
  for (const [name, value] of entries) {
    if (copies.length === entriesMax) break;
    if (value === undefined) continue;
    const key = cut(String(name), stringLengthMax);
    copies.push([key, redact(key) ? "[redacted]" : copy(value, walk)]);
  }
  if (size > entriesMax) copies.push(["…", `[${size - entriesMax} more]`]);
  // fromEntries defines properties, so a key named `__proto__` stays plain data.
  return Object.fromEntries(copies);
}

function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  // Half of a surrogate pair is no character; readers of the line may refuse it.
  const last = text.charCodeAt(lengthMax - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? lengthMax - 1 : lengthMax;
  return `${text.slice(0, end)}…`;
}
