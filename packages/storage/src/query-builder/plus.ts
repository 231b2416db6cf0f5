import { queryInvalid } from "./query-invalid.ts";

const brand: unique symbol = Symbol("plus");
const columnBrand: unique symbol = Symbol("plus column");

/** Sets a column to its own value plus a number. */
export interface Plus {
  readonly [brand]: number;
}

/** A column plus a number, as `select` computes it. */
export interface ColumnSum<Column extends string = string> {
  readonly [columnBrand]: Column;
  readonly amount: number;
}

/** In `set`: the value that the column has, plus `amount`, which may be negative. */
export function plus(amount: number): Plus;
/** In `select`: the value of `column` plus `amount`; null when the column is. */
export function plus<const Column extends string>(
  column: Column,
  amount: number,
): ColumnSum<Column>;
export function plus(...given: [amount: number] | [column: string, amount: number]): object {
  const [amount, column] = given.length === 1 ? given : [given[1], given[0]];
  if (!Number.isFinite(amount)) {
    throw queryInvalid(column === undefined ? "set" : "select", "plus needs a finite number");
  }
  return Object.freeze(
    column === undefined ? { [brand]: amount } : { [columnBrand]: column, amount },
  );
}

/** What is added to the column that is set, or undefined for anything else. */
export function plusAmount(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !(brand in value)) return undefined;
  return (value as Plus)[brand];
}

/** The column of a sum in `select`, or undefined for anything else. */
export function summedColumn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !(columnBrand in value)) return undefined;
  return (value as ColumnSum)[columnBrand];
}
