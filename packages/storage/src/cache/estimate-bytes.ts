/** Bytes of a value that is not looked into. */
const slotBytes = 16;

/** Bytes of an object without what is in it. */
const objectBytes = 56;

/** Values looked at before the rest is guessed from them. */
const valuesMax = 100_000;

/**
 * Estimates what a value takes on the heap: 16 bytes for each slot, two for
 * each character, the length of buffers, and 56 for each object, list, map and
 * set with everything in it. What occurs twice counts once. Of a value with
 * more than 100,000 parts it says infinity: it is no value for a cache.
 */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  let bytes = 0;
  for (let looked = 0; waiting.length > 0; looked += 1) {
    if (looked >= valuesMax) return Number.POSITIVE_INFINITY;
    const next = waiting.pop();
    bytes += slotBytes;
    if (typeof next === "string") bytes += next.length * 2;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    bytes += objectBytes + ownBytes(next);
    for (const part of partsOf(next)) waiting.push(part);
  }
  return bytes;
}

function ownBytes(value: object): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return value instanceof ArrayBuffer ? value.byteLength : 0;
}

function partsOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return [];
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  // The names of properties belong to the shape that all rows of a query share.
  return Object.values(value);
}
