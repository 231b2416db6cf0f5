/**
 * Continues an ordered result after a given record, without counting the rows
 * before it. A row comes after another one when it is greater in the first
 * term in which they differ. Missing values come first when ascending and last
 * when descending, which is the order of SQLite.
 */
import type { CursorValue } from "./query-cursor.ts";
import type { ParsedOrder } from "./parsed-query.ts";

/** A condition with the names of the values for its `?`. */
export interface KeysetCondition {
  readonly sql: string;
  readonly names: readonly string[];
}

/** A term of the order with where the page before ended. */
export interface KeysetTerm extends ParsedOrder {
  /** Quoted. */
  readonly sql: string;
  readonly nullable: boolean;
  readonly value: CursorValue;
}

/** Name of the value for the term at this place of the order. */
export function keysetName(at: number): string {
  return `after${at}`;
}

/** True for rows that come after the record with these values. */
export function afterCondition(terms: readonly KeysetTerm[]): KeysetCondition {
  const names: string[] = [];
  const bind = (at: number): string => {
    names.push(keysetName(at));
    return "?";
  };
  const bound = terms.length === 1 ? undefined : boundOf(terms[0]!, () => bind(0));
  const branches = terms.flatMap((term, at) => {
    if (isLast(term)) return [];
    const equal = terms.slice(0, at).map((other, index) => equalTo(other, () => bind(index)));
    return [`(${[...equal, greaterThan(term, () => bind(at))].join(" AND ")})`];
  });
  const any = `(${branches.join(" OR ")})`;
  return { sql: bound === undefined ? any : `${bound} AND ${any}`, names };
}

/** True when no value comes after the term's. */
function isLast({ direction, value }: KeysetTerm): boolean {
  return direction === "desc" && value === null;
}

function greaterThan({ sql, direction, nullable, value }: KeysetTerm, bind: () => string): string {
  if (value === null) return `${sql} IS NOT NULL`;
  if (direction === "asc") return `${sql} > ${bind()}`;
  return nullable ? `(${sql} < ${bind()} OR ${sql} IS NULL)` : `${sql} < ${bind()}`;
}

function equalTo({ sql, value }: KeysetTerm, bind: () => string): string {
  return value === null ? `${sql} IS NULL` : `${sql} = ${bind()}`;
}

/** What holds for every branch, so that an index can be entered at the right place. */
function boundOf(
  { sql, direction, nullable, value }: KeysetTerm,
  bind: () => string,
): string | undefined {
  if (value === null) return undefined;
  if (direction === "asc") return `${sql} >= ${bind()}`;
  return nullable ? undefined : `${sql} <= ${bind()}`;
}
