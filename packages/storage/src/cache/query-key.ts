import type { SqlValue } from "../sql-value.ts";

/** Bound values as text, different for values that are different. */
export function keyOfValues(bound: readonly SqlValue[]): string {
  // The usual case, a key of a row, needs no lengths.
  if (bound.length === 1) return keyOfValue(bound[0] ?? null);
  let key = "";
  for (const value of bound) {
    const one = keyOfValue(value);
    key += `${one.length}:${one}`;
  }
  return key;
}

function keyOfValue(value: SqlValue): string {
  switch (typeof value) {
    case "string":
      return `s${value}`;
    case "number":
      return `n${value}`;
    case "bigint":
      return `i${value}`;
    default:
      return value === null ? "_" : `b${Buffer.from(value).toString("latin1")}`;
  }
}
