import { queryInvalid } from "./query-invalid.ts";

const brand: unique symbol = Symbol("plus");

/** Sets a column to its own value plus a number. */
export interface Plus {
  readonly [brand]: number;
}

/** In `set`: the value that the column has, plus `amount`, which may be negative. */
export function plus(amount: number): Plus {
  if (!Number.isFinite(amount)) throw queryInvalid("set", "plus needs a finite number");
  return Object.freeze({ [brand]: amount });
}

/** What is added, or undefined for anything else. */
export function plusAmount(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as Plus)[brand];
}
