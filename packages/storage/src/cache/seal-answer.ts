import { estimateBytes } from "./estimate-bytes.ts";

/** The answer to a query, in a form in which nobody can change what others get. */
export interface SealedAnswer {
  readonly value: unknown;
  /**
   * `frozen`: everybody gets the same, which cannot be changed. `copied`: it
   * holds bytes or dates, which cannot be frozen, so everybody gets a copy.
   * `single`: it can be neither, so one caller gets it and it is not kept.
   */
  readonly kind: "frozen" | "copied" | "single";
  readonly bytes: number;
}

/** Objects looked at; an answer with more is not kept. */
const objectsMax = 100_000;

/** Freezes an answer with everything in it, or finds out that this cannot be. */
export function sealAnswer(value: unknown): SealedAnswer {
  // Nearly every answer is a row of plain values, or a list of such rows.
  if (isFlat(value)) return { value: Object.freeze(value), kind: "frozen", bytes: bytesOf(value) };
  if (Array.isArray(value) && value.length < objectsMax && value.every(isFlat)) {
    const bytes = bytesOf(value) + value.reduce<number>((sum, row) => sum + bytesOf(row), 0);
    for (const row of value) Object.freeze(row);
    return { value: Object.freeze(value), kind: "frozen", bytes };
  }
  return sealDeep(value);
}

function sealDeep(value: unknown): SealedAnswer {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  let kind: SealedAnswer["kind"] = "frozen";
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "function" || seen.size > objectsMax) return single(value);
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (Array.isArray(next) || isPlain(next)) {
      for (const part of Object.values(next)) waiting.push(part);
    } else if (ArrayBuffer.isView(next) || next instanceof Date) kind = "copied";
    else return single(value);
  }
  if (kind === "frozen") for (const part of seen) Object.freeze(part);
  return { value, kind, bytes: estimateBytes(value) };
}

function single(value: unknown): SealedAnswer {
  return { value, kind: "single", bytes: Number.POSITIVE_INFINITY };
}

/** No row at all, or a row without objects in it. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (!isPlain(value)) return false;
  for (const name in value) {
    const part = (value as Readonly<Record<string, unknown>>)[name];
    if ((typeof part === "object" && part !== null) || typeof part === "function") return false;
  }
  return true;
}

/** As `estimateBytes` says, without looking into what a list holds. */
function bytesOf(value: unknown): number {
  if (Array.isArray(value)) return 72 + value.length * 16;
  if (typeof value !== "object" || value === null) return estimateBytes(value);
  let bytes = 72;
  for (const name in value) {
    const part = (value as Readonly<Record<string, unknown>>)[name];
    bytes += 16 + (typeof part === "string" ? part.length * 2 : 0);
  }
  return bytes;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
