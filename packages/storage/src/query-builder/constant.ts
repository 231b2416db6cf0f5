import { queryInvalid } from "./query-invalid.ts";

const brand: unique symbol = Symbol("constant");

/** A value that is the same in every row of a result. */
export interface Constant<Value extends string | number = string | number> {
  readonly [brand]: Value;
}

/** In `select`: the same value in every row, as the beginning of a recursion needs it. */
export function constant(value: string): Constant<string>;
export function constant(value: number): Constant<number>;
export function constant(value: string | number): Constant {
  if (typeof value !== "string" && !Number.isFinite(value)) {
    throw queryInvalid("select", "constant needs a text or a finite number");
  }
  return Object.freeze({ [brand]: value });
}

/** The value, or undefined for anything else. */
export function constantValue(value: unknown): string | number | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as Constant)[brand];
}
